"""Conflicts between routes of the document, found offline."""

from collections.abc import Iterator, Mapping
from itertools import combinations

from controller.core.document.resource import ResourceId
from controller.core.resources.kind import DocumentConflict
from controller.kinds.service.routes.matching.match import match_of
from controller.kinds.service.routes.routed_service import RoutedService
from controller.kinds.service.spec.routes import RouteSpec

_Place = tuple[ResourceId, int, RouteSpec]


def clashes(specs: Mapping[ResourceId, RoutedService]) -> tuple[DocumentConflict, ...]:
    """Return the pairs of routes that match the same request with no clear order."""
    return tuple(_clashes(specs))


def _clashes(specs: Mapping[ResourceId, RoutedService]) -> Iterator[DocumentConflict]:
    by_listener: dict[tuple[str, int], list[_Place]] = {}
    for id_, spec in sorted(specs.items()):
        for index, route in enumerate(spec.routes):
            for port in dict.fromkeys(route.listeners):
                place = route.load_balancer, port
                by_listener.setdefault(place, []).append((id_, index, route))
    reported: set[tuple[ResourceId, int, ResourceId, int]] = set()
    for places in by_listener.values():
        for (one, i, first), (other, j, second) in combinations(places, 2):
            problem = _problem(first, second)
            if problem is None or (one, i, other, j) in reported:
                continue
            reported.add((one, i, other, j))
            yield DocumentConflict(
                (other, ("routes", j)), (one, ("routes", i)), *problem
            )


def _problem(one: RouteSpec, other: RouteSpec) -> tuple[str, str] | None:
    """Return the conflict between two routes of a listener, and its fix."""
    left, right = match_of(one), match_of(other)
    if left == right:
        return "duplicates a route of", "remove one of them"
    if one.priority and one.priority == other.priority:
        return "has the same priority as a route of", "give each its own priority"
    if one.priority and other.priority:
        first, second = (
            (left, right) if one.priority < other.priority else (right, left)
        )
        if first.covers(second):
            hint = "give the more specific route the smaller priority"
            return "shares all requests with a route of", hint
        return None
    if left.specificity == right.specificity and left.overlaps(right):
        hint = "give both a priority, or make one of them more specific"
        return "overlaps with a route of", hint
    return None
