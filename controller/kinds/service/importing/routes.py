"""Conversion of the listener rules of a service into routes."""

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from controller.core.values.paths import Plain
from controller.kinds.service.routes.attachment import route_changes
from controller.kinds.service.routes.findings import findings, held, is_warning
from controller.kinds.service.routes.matching.match import LEAST_MANAGED_PRIORITY, Match
from controller.kinds.service.routes.state import (
    ListenerRule,
    LoadBalancer,
    RoutedListener,
    RoutingState,
)
from controller.kinds.service.spec.routes import RouteSpec
from controller.kinds.service.spec.service import ServiceSpec

ForwardingRule = tuple[LoadBalancer, RoutedListener, ListenerRule]


def forwarding_rules(seen: RoutingState) -> tuple[ForwardingRule, ...]:
    """Return every rule that forwards to the target group only."""
    group = seen.group.arn if seen.group else ""
    return tuple(
        (balancer, listener, rule)
        for balancer in seen.balancers
        for listener in sorted(balancer.listeners, key=lambda found: found.port)
        for rule in sorted(listener.rules, key=lambda found: found.priority)
        if group and rule.target == group
    )


def routes_of(seen: RoutingState, *, numbered: bool) -> list[Plain]:
    """Return routes that declare all forwarding rules; empty if no routes can.

    Args:
        seen: Observed routing of the service.
        numbered: True to declare every priority, even one that the controller chose.
    """
    ports_by_route: dict[tuple[Any, ...], list[int]] = {}
    for balancer, listener, rule in forwarding_rules(seen):
        match = rule.match
        if not _is_declarable(match):
            return []
        key = (
            (match.hosts or ("*",))[0],
            (match.paths or ("/*",))[0],
            balancer.name,
            rule.priority
            if numbered or rule.priority < LEAST_MANAGED_PRIORITY
            else None,
        )
        ports_by_route.setdefault(key, []).append(listener.port)
    return [
        {
            "host": host,
            "path": path,
            "listeners": ports,
            "load_balancer": name,
            **({"priority": priority} if priority else {}),
        }
        for (host, path, name, priority), ports in ports_by_route.items()
    ]


def route_differences(
    spec: ServiceSpec, seen: RoutingState, settings: Plain
) -> Iterator[str]:
    """Yield each difference between the routes of ``spec`` and the live rules.

    Args:
        spec: Service with routes.
        seen: Observed routing of the service.
        settings: Service from DescribeServices.
    """
    group = seen.group
    if group and group.name != spec.target_group:
        yield (
            f"its target group is named {group.name}; the controller uses "
            f"{spec.target_group}"
        )
        return
    if hold := held(spec, seen):
        yield hold.message.rstrip(".")
    problems = [found for found in findings(spec, seen) if not is_warning(found)]
    yield from (found.message.rstrip(".") for found in problems)
    for change in route_changes(spec, seen, settings):
        yield f"{change.path} would change from {change.before} to {change.after}"


def rule_text(forwarding_rule: ForwardingRule) -> str:
    """Return a rule for messages: host, path, port and load balancer."""
    balancer, listener, rule = forwarding_rule
    hosts, paths = "|".join(rule.match.hosts), "|".join(rule.match.paths)
    return f"{hosts or '*'}{paths or '/*'} on port {listener.port} of {balancer.name}"


def _is_declarable(match: Match) -> bool:
    """Return True if one route can declare ``match``."""
    hosts, paths = match.hosts or ("*",), match.paths or ("/*",)
    if match.more or len(hosts) > 1 or len(paths) > 1:
        return False
    try:
        RouteSpec(host=hosts[0], path=paths[0])
    except ValidationError:
        return False
    return True
