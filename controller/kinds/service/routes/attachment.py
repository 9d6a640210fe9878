"""Registration of a service in its target group (``loadBalancers`` in ECS)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from controller.core.resources.plan import Change, Effect
from controller.kinds.service.routes.planning import (
    receives_traffic,
    steps,
    will_be_attached,
)
from controller.kinds.service.routes.routed_service import RoutedService
from controller.kinds.service.routes.state import RoutingState
from controller.kinds.service.routes.steps import DeleteTargetGroup, Step
from controller.kinds.service.tags import ServiceTags

TAG = "routes.tag"
BALANCERS = "routes.loadBalancers"
GRACE = "routes.healthCheckGracePeriodSeconds"
# CreateTargetGroup or ModifyTargetGroup, ModifyTargetGroupAttributes, AddTags.
_GROUP_CALLS = 3


def route_changes(
    spec: RoutedService, seen: RoutingState, settings: Mapping[str, Any]
) -> Iterator[Change]:
    """Yield every difference between the declared and the live routes."""
    for step in due_steps(spec, seen, settings):
        yield step.change
    wanted, mine = will_be_attached(spec, seen), membership(spec, settings)
    joins = wanted or keeps_membership(spec, seen, mine)
    before, after = _text(mine), _text(entry(spec, "") if joins else None)
    if before != after:
        yield Change(BALANCERS, before, after, Effect.RESTART)
    if wanted and _is(mine, spec) and spec.health is not None:
        grace = settings.get("healthCheckGracePeriodSeconds")
        if grace != spec.health.grace:
            yield Change(GRACE, grace, spec.health.grace)
    if has_group_tag(settings) and not spec.routes and seen.group is None:
        yield Change(TAG, spec.target_group, None, Effect.COSMETIC)


def route_calls(path: str) -> int:
    """Return the number of write calls, other than UpdateService, for a change."""
    if path.startswith("routes.target_group"):
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
    spec: RoutedService, seen: RoutingState, settings: Mapping[str, Any]
) -> tuple[Step, ...]:
    """Return the steps that can be carried out now.

    A target group is deleted only after ECS has deregistered all tasks, which it does
    one by one after the service has left the group.
    """
    settled = len(settings.get("deployments", ())) <= 1
    left = settled and membership(spec, settings) is None
    return tuple(
        s for s in steps(spec, seen) if left or not isinstance(s, DeleteTargetGroup)
    )


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
