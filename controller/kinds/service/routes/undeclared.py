"""Routes of a service that is not declared: its rules and target group must go."""

from dataclasses import dataclass

from controller.core.resources.observation import Ownership
from controller.core.resources.plan import Change
from controller.kinds.service.routes.planning import is_managed, steps
from controller.kinds.service.routes.state import RoutingState
from controller.kinds.service.spec.routes import RouteSpec


@dataclass(frozen=True, slots=True)
class UndeclaredRoutes:
    """An undeclared service as ``RoutedService``, without routes."""

    name: str
    target_group: str
    load_balancer: str = ""
    owner: str = ""
    port: int | None = None
    target_protocol: str = "http"
    routes: tuple[RouteSpec, ...] = ()
    health: None = None


def cleanup_changes(gone: UndeclaredRoutes, seen: RoutingState) -> tuple[Change, ...]:
    """Return the changes that delete its rules and its target group."""
    return tuple(step.change for step in steps(gone, seen))


def is_used_by_others(gone: UndeclaredRoutes, seen: RoutingState) -> bool:
    """Return True if an unmanaged rule or action forwards to its target group."""
    group = seen.group
    if group is None or group.ownership is not Ownership.MANAGED:
        return True
    forwarding = [
        rule
        for balancer in seen.balancers
        for listener in balancer.listeners
        for rule in listener.rules
        if rule.target == group.arn
    ]
    # Attached without such a rule: a default action, or a rule that forwards to
    # several groups.
    by_other_means = group.attached and not forwarding
    return by_other_means or not all(is_managed(gone, rule) for rule in forwarding)
