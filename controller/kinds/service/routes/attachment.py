"""The service's own side of its routes: the target group its tasks register in."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from controller.core.resources.plan import Change, Effect
from controller.kinds.service.routes.planning import (
    is_led_to,
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


def routed(
    spec: RoutedService, seen: RoutingState, settings: Mapping[str, Any]
) -> Iterator[Change]:
    """Yield every difference between the declared routes and what was seen."""
    for step in due(spec, seen, settings):
        yield step.change
    wanted, mine = will_be_attached(spec, seen), membership(spec, settings)
    becomes = entry(spec, "") if wanted or stays(spec, seen, mine) else None
    if _told(mine) != _told(becomes):
        yield Change(BALANCERS, _told(mine), _told(becomes), Effect.RESTART)
    if wanted and _is(mine, spec) and spec.health is not None:
        before = settings.get("healthCheckGracePeriodSeconds")
        if before != spec.health.grace:
            yield Change(GRACE, before, spec.health.grace)
    if tagged(settings) and not spec.routes and seen.group is None:
        yield Change(TAG, spec.target_group, None, Effect.COSMETIC)


def route_calls(path: str) -> int:
    """Return the write calls that settle a change of routes without UpdateService."""
    if path.startswith("routes.target_group"):
        return _GROUP_CALLS
    return int(path.startswith(("routes[", TAG)))


def stays(
    spec: RoutedService, seen: RoutingState, mine: Mapping[str, Any] | None
) -> bool:
    """Whether a service stays in the group it is in, whatever else is amiss.

    One that nothing leads to any more harms nobody, but ECS takes no other port for
    it.
    """
    if mine is None or not spec.routes:
        return False
    return is_led_to(spec, seen) or _is(mine, spec)


def due(
    spec: RoutedService, seen: RoutingState, settings: Mapping[str, Any]
) -> tuple[Step, ...]:
    """Return the steps whose time has come.

    A target group stays until no task is in it: ECS takes them out, one by one, when
    the service has left the group.
    """
    settled = len(settings.get("deployments", ())) <= 1
    left = settled and membership(spec, settings) is None
    return tuple(
        s for s in steps(spec, seen) if left or not isinstance(s, DeleteTargetGroup)
    )


def tagged(settings: Mapping[str, Any]) -> bool:
    """Whether the service says that it has, or had, a target group of ours."""
    return ServiceTags.of(settings).target_group is not None


def route_tags(spec: RoutedService) -> dict[str, str]:
    """Return the tag of a service that has routes."""
    return ServiceTags(target_group=spec.target_group).written() if spec.routes else {}


def is_about(spec: RoutedService, settings: Mapping[str, Any]) -> bool:
    """Whether load balancers must be looked at for the service.

    Args:
        spec: The service.
        settings: The service as DescribeServices tells it; empty if it is not there.
    """
    return bool(spec.routes) or tagged(settings)


def attached(settings: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Return the load balancers of a service, as DescribeServices tells them."""
    balancers: Sequence[Mapping[str, Any]] = settings.get("loadBalancers", ())
    return balancers


def membership(
    spec: RoutedService, settings: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """Return how the service is in its target group; None if it is not."""
    have = attached(settings)
    return next((b for b in have if group_of(b) == spec.target_group), None)


def group_of(balancer: Mapping[str, Any]) -> str:
    """Return the name in a target group's ARN: ``…:targetgroup/<name>/<id>``."""
    parts = str(balancer.get("targetGroupArn", "")).split("/")
    return parts[1] if len(parts) > 1 else ""


def entry(spec: RoutedService, arn: str) -> dict[str, Any]:
    """Return the entry of ``loadBalancers`` that puts tasks into the group ``arn``."""
    return {
        "targetGroupArn": arn,
        "containerName": spec.name,
        "containerPort": spec.port,
    }


def balancers(
    spec: RoutedService, arn: str | None, settings: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return ``loadBalancers`` with ours as it must be, and those of others kept.

    Args:
        spec: The service.
        arn: The target group to be in; None to be in none.
        settings: The service as DescribeServices tells it; empty if it is new.
    """
    others = [dict(b) for b in attached(settings) if group_of(b) != spec.target_group]
    return others if arn is None else [*others, entry(spec, arn)]


def _is(balancer: Mapping[str, Any] | None, spec: RoutedService) -> bool:
    return balancer is not None and (
        balancer.get("containerName"),
        balancer.get("containerPort"),
    ) == (spec.name, spec.port)


def _told(balancer: Mapping[str, Any] | None) -> str | None:
    if balancer is None:
        return None
    return f"{balancer.get('containerName')}:{balancer.get('containerPort')}"
