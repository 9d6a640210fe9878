"""Conditions of rules and routes, ordered by how specific they are."""

from dataclasses import dataclass

from controller.kinds.service.routes.matching.patterns import (
    any_pair,
    covers,
    literals,
    overlap,
)
from controller.kinds.service.spec.routes import MOST_PRIORITY, RouteSpec

# First priority of each class of host; lower priorities are left to users.
LEAST_MANAGED_PRIORITY = 1_000
_EXACT, _WILDCARD, _ANY = LEAST_MANAGED_PRIORITY, 20_000, 40_000
_LONGEST = 128
_STEP = 50


@dataclass(frozen=True, slots=True)
class Match:
    """Normalized conditions of a rule.

    Attributes:
        hosts: Patterns of hosts, in lower case and sorted; empty for any host.
        paths: Patterns of paths, sorted; empty for any path.
        more: True if there are conditions of other kinds, so that it matches less.
    """

    hosts: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    more: bool = False

    def covers(self, other: "Match") -> bool:
        """Return True if this matches every request that ``other`` matches, surely."""
        return (
            not self.more
            and _all_covered(self.hosts, other.hosts, "*")
            and _all_covered(self.paths, other.paths, "/*")
        )

    def overlaps(self, other: "Match") -> bool:
        """Return True if both may match the same request."""
        hosts = any_pair(overlap, self.hosts or ("*",), other.hosts or ("*",))
        paths = any_pair(overlap, self.paths or ("/*",), other.paths or ("/*",))
        return hosts and paths

    @property
    def specificity(self) -> tuple[int, int, int, int]:
        """Sort key that puts the more specific match first.

        An exact host precedes one with wildcards, which precedes any host; longer
        precedes shorter; of two paths of equal length, the exact one precedes.
        """
        host, path = (self.hosts or ("*",))[0], (self.paths or ("/*",))[0]
        return (
            _host_class(host),
            -literals(host) if _host_class(host) == 1 else 0,
            -literals(path),
            int(literals(path) != len(path)),
        )


def match_of(route: RouteSpec) -> Match:
    """Return the conditions of ``route``."""
    return normalised((route.host,), (route.path,))


def normalised(
    hosts: tuple[str, ...], paths: tuple[str, ...], *, more: bool = False
) -> Match:
    """Return the normalized conditions, without patterns that match anything."""
    lower = tuple(sorted({host.lower() for host in hosts}))
    anything = "*" in lower, {"*", "/*"} & set(paths)
    return Match(
        () if anything[0] else lower,
        () if anything[1] else tuple(sorted(set(paths))),
        more,
    )


def natural_priority(match: Match) -> int:
    """Return the priority that follows from the specificity of ``match``.

    It depends on nothing else, so adding a route moves no other. Matches of equal
    specificity have the same priority; the second one takes the next unused priority.
    """
    host_class, host, path, wild = match.specificity
    start = (_EXACT, _WILDCARD, _ANY)[host_class]
    if host_class == 1:
        # Hosts first: the longer host precedes, regardless of the paths.
        return (
            start
            + (_LONGEST + max(host, -_LONGEST)) * 150
            + _LONGEST
            + max(path, -_LONGEST)
        )
    return min(start + (_LONGEST + path) * _STEP + wild * _STEP // 2, MOST_PRIORITY)


def _host_class(host: str) -> int:
    if host == "*":
        return 2
    return int(literals(host) != len(host))


def _all_covered(
    general: tuple[str, ...], special: tuple[str, ...], anything: str
) -> bool:
    outer, inner = general or (anything,), special or (anything,)
    return all(any(covers(one, other) for one in outer) for other in inner)
