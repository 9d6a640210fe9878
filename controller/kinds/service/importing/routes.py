"""What load balancers do for a service, as routes that would declare it."""

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from controller.core.values.paths import Plain
from controller.kinds.service.routes.attachment import route_changes
from controller.kinds.service.routes.findings import findings, held, is_warning
from controller.kinds.service.routes.matching.match import LEAST_OF_OURS, Match
from controller.kinds.service.routes.state import (
    ListenerRule,
    LoadBalancer,
    RoutedListener,
    RoutingState,
)
from controller.kinds.service.spec.routes import RouteSpec
from controller.kinds.service.spec.service import ServiceSpec

Way = tuple[LoadBalancer, RoutedListener, ListenerRule]


def ways(seen: RoutingState) -> tuple[Way, ...]:
    """Return every rule that forwards to the target group, and to it alone."""
    group = seen.group.arn if seen.group else ""
    return tuple(
        (balancer, listener, rule)
        for balancer in seen.balancers
        for listener in sorted(balancer.listeners, key=lambda found: found.port)
        for rule in sorted(listener.rules, key=lambda found: found.priority)
        if group and rule.target == group
    )


def routes_of(seen: RoutingState, *, numbered: bool) -> list[Plain]:
    """Return routes that ask for all the ways there are; empty if none can.

    Args:
        seen: What a look at its load balancers found.
        numbered: Whether to say which priorities they have, even if nobody chose them.
    """
    said: dict[tuple[Any, ...], list[int]] = {}
    for balancer, listener, rule in ways(seen):
        match = rule.match
        if not _is_sayable(match):
            return []
        key = (
            (match.hosts or ("*",))[0],
            (match.paths or ("/*",))[0],
            balancer.name,
            rule.priority if numbered or rule.priority < LEAST_OF_OURS else None,
        )
        said.setdefault(key, []).append(listener.port)
    return [
        {
            "host": host,
            "path": path,
            "listeners": ports,
            "load_balancer": name,
            **({"priority": priority} if priority else {}),
        }
        for (host, path, name, priority), ports in said.items()
    ]


def unlike(spec: ServiceSpec, seen: RoutingState, settings: Plain) -> Iterator[str]:
    """Yield why the routes of ``spec`` are not quite what there is, in sentences.

    Args:
        spec: With routes.
        seen: What a look at its load balancers found.
        settings: As DescribeServices answers.
    """
    group = seen.group
    if group and group.name != spec.target_group:
        yield f"its target group is called {group.name}; ours is {spec.target_group}"
        return
    if hold := held(spec, seen):
        yield hold.message.rstrip(".")
    amiss = [found for found in findings(spec, seen) if not is_warning(found)]
    yield from (found.message.rstrip(".") for found in amiss)
    for change in route_changes(spec, seen, settings):
        yield f"{change.path} would become {change.after}, and is {change.before}"


def told(way: Way) -> str:
    """Return a way as people speak of it."""
    balancer, listener, rule = way
    hosts, paths = "|".join(rule.match.hosts), "|".join(rule.match.paths)
    return f"{hosts or '*'}{paths or '/*'} on port {listener.port} of {balancer.name}"


def _is_sayable(match: Match) -> bool:
    """Whether one route can say it."""
    hosts, paths = match.hosts or ("*",), match.paths or ("/*",)
    if match.more or len(hosts) > 1 or len(paths) > 1:
        return False
    try:
        RouteSpec(host=hosts[0], path=paths[0])
    except ValidationError:
        return False
    return True
