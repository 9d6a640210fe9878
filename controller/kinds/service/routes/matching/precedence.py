"""Rules that take the priority or the requests of a route."""

from collections.abc import Iterator

from controller.core.resources.kind import Finding
from controller.core.resources.observation import Ownership
from controller.core.resources.plan import Reason
from controller.kinds.service.routes.matching.match import match_of, natural_priority
from controller.kinds.service.routes.matching.priorities import free_priority
from controller.kinds.service.routes.planning import is_managed
from controller.kinds.service.routes.routed_service import RoutedService
from controller.kinds.service.routes.state import (
    ListenerRule,
    LoadBalancer,
    RoutedListener,
)
from controller.kinds.service.routes.steps import path_of
from controller.kinds.service.spec.routes import MOST_PRIORITY, RouteSpec


def priority_conflict(
    place: tuple[LoadBalancer, RoutedListener],
    route: RouteSpec,
    rule: ListenerRule | None,
) -> Iterator[Finding]:
    """Yield a finding if another rule has the declared priority."""
    balancer, listener = place
    at = rule.arn if rule else ""
    taken = (r for r in listener.rules if r.priority == route.priority and r.arn != at)
    other = next(taken, None)
    if route.priority is None or other is None:
        return
    message = (
        f"{route.name} declares priority {route.priority} on port {listener.port} of "
        f"{balancer.name}, but another rule has it."
    )
    command = _away(other, unused_priority(listener, route, after=route.priority))
    yield Finding(
        f"{path_of(route, listener.port)}.priority", Reason.CONFLICT, message, command
    )


def shadowed(
    spec: RoutedService,
    place: tuple[LoadBalancer, RoutedListener],
    route: RouteSpec,
    rule: ListenerRule | None,
) -> Iterator[Finding]:
    """Yield a finding for each rule that takes all requests of the route."""
    balancer, listener = place
    match = match_of(route)
    at = rule.priority if rule else route.priority or natural_priority(match)
    target = rule.target if rule else ""
    for other in sorted(listener.rules, key=lambda r: r.priority):
        if other.priority >= at or (rule and other.arn == rule.arn):
            continue
        harmless = is_managed(spec, other) or (target and other.target == target)
        if harmless or not other.match.covers(match):
            continue
        kind = "managed" if other.ownership is Ownership.MANAGED else "unmanaged"
        message = (
            f"The {kind} rule with priority {other.priority} on port {listener.port} "
            f"of {balancer.name} takes every request for {route.name}, because it "
            f"precedes the rule with priority {at}."
        )
        command = _away(other, unused_priority(listener, route, after=at))
        path = f"{path_of(route, listener.port)}.priority"
        yield Finding(path, Reason.CONFLICT, message, command)


def unused_priority(listener: RoutedListener, route: RouteSpec, after: int = 0) -> int:
    """Return an unused priority on ``listener``.

    Args:
        listener: The listener.
        route: Route of the rule.
        after: Priority that must be exceeded; 0 for the natural priority.
    """
    used = {rule.priority for rule in listener.rules}
    if after:
        numbers = range(after + 1, MOST_PRIORITY + 1)
        return next((n for n in numbers if n not in used), MOST_PRIORITY)
    return free_priority(match_of(route), (), used) or MOST_PRIORITY


def _away(rule: ListenerRule, priority: int) -> str:
    return (
        "aws elbv2 set-rule-priorities --rule-priorities "
        f"RuleArn={rule.arn},Priority={priority}"
    )
