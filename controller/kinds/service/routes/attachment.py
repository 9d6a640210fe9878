"""Registration of a service in its target group (``loadBalancers`` in ECS)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from controller.core.resources.plan import Change, Effect
from controller.kinds.service.routes.health_checks import (
    declared_health,
    transition_grace,
)
from controller.kinds.service.routes.planning import (
    receives_traffic,
    steps,
    will_be_attached,
)
from controller.kinds.service.routes.routed_service import RoutedService
from controller.kinds.service.routes.state import RoutingState
from controller.kinds.service.routes.steps import (
    CHECK,
    DeleteTargetGroup,
    Step,
    TryHealthCheck,
    UpdateTargetGroup,
)
from controller.kinds.service.routes.trial import (
    CheckPhase,
    check_phase,
    check_steps,
    is_rolling,
    trial_failure,
    trial_progress,
)
from controller.kinds.service.tags import ServiceTags

TAG = "routes.tag"
BALANCERS = "routes.loadBalancers"
GRACE = "routes.healthCheckGracePeriodSeconds"
# Start of the path of a changed health check.
CHANGED_CHECK = "routes.target_group["
# CreateTargetGroup or ModifyTargetGroup, ModifyTargetGroupAttributes, AddTags.
_GROUP_CALLS = 3


def route_changes(
    spec: RoutedService,
    seen: RoutingState,
    settings: Mapping[str, Any],
    *,
    runs_declared: bool = True,
) -> Iterator[Change]:
    """Yield every difference between the declared and the live routes.

    Args:
        spec: The service.
        seen: Its routing.
        settings: The service from DescribeServices.
        runs_declared: True if the primary deployment has the declared revision.
    """
    phase = check_phase(spec, seen, settings, runs_declared=runs_declared)
    if phase in {CheckPhase.RESTORE, CheckPhase.END} and not runs_declared:
        # Nothing else: the declared revision was rejected or comes afterwards.
        for step in check_steps(phase, spec, seen, settings):
            yield step.change
        return
    if phase is CheckPhase.DEFER:
        yield from (s.change for s in steps(spec, seen) if _sets_check(s))
    for step in due_steps(spec, seen, settings, runs_declared=runs_declared):
        yield step.change
    wanted, mine = will_be_attached(spec, seen), membership(spec, settings)
    joins = wanted or keeps_membership(spec, seen, mine)
    before, after = _text(mine), _text(entry(spec, "") if joins else None)
    if before != after:
        yield Change(BALANCERS, before, after, Effect.RESTART)
    if wanted and _is(mine, spec) and spec.health is not None:
        grace = settings.get("healthCheckGracePeriodSeconds")
        if grace != spec.health.grace and not (
            grace == rollout_grace(spec) and _needs_time(phase, settings)
        ):
            yield Change(GRACE, grace, spec.health.grace)
    if has_group_tag(settings) and not spec.routes and seen.group is None:
        yield Change(TAG, spec.target_group, None, Effect.COSMETIC)


def rollout_grace(spec: RoutedService) -> int | None:
    """Return the grace period of a rollout with another health check, in seconds.

    None if no health check is declared.
    """
    if spec.health is None:
        return None
    return transition_grace(spec.health.grace, declared_health(spec))


def check_wait(
    spec: RoutedService,
    seen: RoutingState,
    settings: Mapping[str, Any],
    *,
    runs_declared: bool,
) -> str:
    """Return a sentence while the declared health check is tried; else empty."""
    phase = check_phase(spec, seen, settings, runs_declared=runs_declared)
    return trial_progress(spec, seen, settings) if phase is CheckPhase.TRY else ""


def check_rejection(
    spec: RoutedService,
    seen: RoutingState,
    settings: Mapping[str, Any],
    changes: Sequence[Change],
) -> str:
    """Return a message if ``changes`` only wait for a health check that fails."""
    group = seen.group.name if seen.group else ""
    waiting = {f"{CHANGED_CHECK}{group}]", GRACE}
    if not changes or not {change.path for change in changes} <= waiting:
        return ""
    return trial_failure(spec, seen, settings)


def restores_check(changes: Sequence[Change]) -> bool:
    """Return True if ``changes`` restore a health check or end its trial."""
    return bool(changes) and all(change.path.startswith(CHECK) for change in changes)


def route_calls(path: str) -> int:
    """Return the number of write calls, other than UpdateService, for a change."""
    if path.startswith(("routes.target_group", CHECK)):
        return _GROUP_CALLS
    return int(path.startswith(("routes[", TAG)))


def keeps_membership(
    spec: RoutedService, seen: RoutingState, mine: Mapping[str, Any] | None
) -> bool:
    """Return True if a service stays in its target group even with findings.

    A group without traffic does no harm as long as the port stays; ECS accepts no
    other port for it.
    """
    if mine is None or not spec.routes:
        return False
    return receives_traffic(spec, seen) or _is(mine, spec)


def due_steps(
    spec: RoutedService,
    seen: RoutingState,
    settings: Mapping[str, Any],
    *,
    runs_declared: bool = True,
) -> tuple[Step, ...]:
    """Return the steps that can be carried out now.

    A target group is deleted only after ECS has deregistered all tasks, which it does
    one by one after the service has left the group. Its health check changes only if no
    healthy task fails it; see ``trial``.
    """
    settled = len(settings.get("deployments", ())) <= 1
    left = settled and membership(spec, settings) is None
    phase = check_phase(spec, seen, settings, runs_declared=runs_declared)
    others = (step for step in steps(spec, seen) if not _sets_check(step))
    return (
        *check_steps(phase, spec, seen, settings),
        *(s for s in others if left or not isinstance(s, DeleteTargetGroup)),
    )


def _sets_check(step: Step) -> bool:
    return isinstance(step, UpdateTargetGroup | TryHealthCheck)


def _needs_time(phase: CheckPhase, settings: Mapping[str, Any]) -> bool:
    """Return True while new tasks may fail the current check of the target group."""
    return phase in {CheckPhase.DEFER, CheckPhase.TRY} or is_rolling(settings)


def has_group_tag(settings: Mapping[str, Any]) -> bool:
    """Return True if a tag of the service names its managed target group."""
    return ServiceTags.of(settings).target_group is not None


def route_tags(spec: RoutedService) -> dict[str, str]:
    """Return the tag of a service that has routes."""
    return ServiceTags(target_group=spec.target_group).written() if spec.routes else {}


def needs_load_balancers(spec: RoutedService, settings: Mapping[str, Any]) -> bool:
    """Return True if load balancers must be read for the service.

    Args:
        spec: The service.
        settings: The service from DescribeServices; empty if it does not exist.
    """
    return bool(spec.routes) or has_group_tag(settings)


def attached(settings: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Return the entries of ``loadBalancers`` of a service from DescribeServices."""
    balancers: Sequence[Mapping[str, Any]] = settings.get("loadBalancers", ())
    return balancers


def membership(
    spec: RoutedService, settings: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """Return the service's entry for its target group; None if it is not in it."""
    have = attached(settings)
    return next((b for b in have if group_of(b) == spec.target_group), None)


def group_of(balancer: Mapping[str, Any]) -> str:
    """Return the name from the target group's ARN: ``…:targetgroup/<name>/<id>``."""
    parts = str(balancer.get("targetGroupArn", "")).split("/")
    return parts[1] if len(parts) > 1 else ""


def entry(spec: RoutedService, arn: str) -> dict[str, Any]:
    """Return the entry of ``loadBalancers`` that joins the target group ``arn``."""
    return {
        "targetGroupArn": arn,
        "containerName": spec.name,
        "containerPort": spec.port,
    }


def balancers(
    spec: RoutedService, arn: str | None, settings: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return the declared ``loadBalancers``, with the entries of other systems kept.

    Args:
        spec: The service.
        arn: Target group to join; None to leave it.
        settings: The service from DescribeServices; empty for a new one.
    """
    others = [dict(b) for b in attached(settings) if group_of(b) != spec.target_group]
    return others if arn is None else [*others, entry(spec, arn)]


def _is(balancer: Mapping[str, Any] | None, spec: RoutedService) -> bool:
    return balancer is not None and (
        balancer.get("containerName"),
        balancer.get("containerPort"),
    ) == (spec.name, spec.port)


def _text(balancer: Mapping[str, Any] | None) -> str | None:
    if balancer is None:
        return None
    return f"{balancer.get('containerName')}:{balancer.get('containerPort')}"
