"""Routes of the document that get in each other's way, found without looking."""

from collections.abc import Iterator, Mapping
from itertools import combinations

from controller.core.document.resource import ResourceId
from controller.core.resources.kind import DocumentConflict
from controller.kinds.service.routes.matching.match import match_of
from controller.kinds.service.routes.routed_service import RoutedService
from controller.kinds.service.spec.routes import RouteSpec

_Place = tuple[ResourceId, int, RouteSpec]


def clashes(specs: Mapping[ResourceId, RoutedService]) -> tuple[DocumentConflict, ...]:
    """Return the pairs of routes of which neither comes before the other."""
    return tuple(_clashes(specs))


def _clashes(specs: Mapping[ResourceId, RoutedService]) -> Iterator[DocumentConflict]:
    by_listener: dict[tuple[str, int], list[_Place]] = {}
    for id_, spec in sorted(specs.items()):
        for index, route in enumerate(spec.routes):
            for port in dict.fromkeys(route.listeners):
                place = route.load_balancer, port
                by_listener.setdefault(place, []).append((id_, index, route))
    told: set[tuple[ResourceId, int, ResourceId, int]] = set()
    for places in by_listener.values():
        for (one, i, first), (other, j, second) in combinations(places, 2):
            wrong = _wrong(first, second)
            if wrong is None or (one, i, other, j) in told:
                continue
            told.add((one, i, other, j))
            yield DocumentConflict((other, ("routes", j)), (one, ("routes", i)), *wrong)


def _wrong(one: RouteSpec, other: RouteSpec) -> tuple[str, str] | None:
    """Return what is wrong between two routes of a listener, and how to mend it."""
    left, right = match_of(one), match_of(other)
    if left == right:
        return "is the same route as one of", "keep one of them"
    if one.priority and one.priority == other.priority:
        return "has the same priority as a route of", "give each its own"
    if one.priority and other.priority:
        return None
    if left.specificity == right.specificity and left.overlaps(right):
        hint = "give both a priority, or make one of them more special"
        return "matches some of what is matched by a route of", hint
    return None
