"""A service that nobody declares, as its routes see it: it has none."""

from dataclasses import dataclass

from controller.core.resources.observation import Ownership
from controller.core.resources.plan import Change
from controller.kinds.service.routes.planning import is_ours, steps
from controller.kinds.service.routes.state import RoutingState
from controller.kinds.service.spec.routes import RouteSpec


@dataclass(frozen=True, slots=True)
class UndeclaredRoutes:
    """As much of it as is needed to find what led to it; see ``routed.Routed``."""

    name: str
    target_group: str
    load_balancer: str = ""
    owner: str = ""
    port: int | None = None
    target_protocol: str = "http"
    routes: tuple[RouteSpec, ...] = ()
    health: None = None


def taken_away(gone: UndeclaredRoutes, seen: RoutingState) -> tuple[Change, ...]:
    """Return what clearing up behind it does."""
    return tuple(step.change for step in steps(gone, seen))


def is_led_to_by_others(gone: UndeclaredRoutes, seen: RoutingState) -> bool:
    """Whether something that we did not make for it leads to its target group."""
    group = seen.group
    if group is None or group.ownership is not Ownership.MANAGED:
        return True
    leading = [
        rule
        for balancer in seen.balancers
        for listener in balancer.listeners
        for rule in listener.rules
        if rule.target == group.arn
    ]
    # Known to a load balancer without a rule: by a default action, or by a rule
    # that forwards to others, too.
    hidden = group.attached and not leading
    return hidden or not all(is_ours(gone, rule) for rule in leading)
