"""What a rule, or a route, matches; and which of two matches more."""

from dataclasses import dataclass

from controller.kinds.service.routes.matching.patterns import (
    any_pair,
    covers,
    literals,
    overlap,
)
from controller.kinds.service.spec.routes import MOST_PRIORITY, RouteSpec

# Where the priorities of each class of host begin; those below are left to people.
LEAST_OF_OURS = 1_000
_EXACT, _WILDCARD, _ANY = LEAST_OF_OURS, 20_000, 40_000
_LONGEST = 128
_STEP = 50


@dataclass(frozen=True, slots=True)
class Match:
    """The conditions of a rule, in one spelling.

    Attributes:
        hosts: Patterns of hosts, in lower case and in order; empty for any host.
        paths: Patterns of paths, in order; empty for any path.
        more: Whether there are conditions of other kinds, so that it matches less.
    """

    hosts: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    more: bool = False

    def covers(self, other: "Match") -> bool:
        """Whether all that ``other`` matches is matched by this, surely."""
        return (
            not self.more
            and _all_covered(self.hosts, other.hosts, "*")
            and _all_covered(self.paths, other.paths, "/*")
        )

    def overlaps(self, other: "Match") -> bool:
        """Whether both may match the same request."""
        hosts = any_pair(overlap, self.hosts or ("*",), other.hosts or ("*",))
        paths = any_pair(overlap, self.paths or ("/*",), other.paths or ("/*",))
        return hosts and paths

    @property
    def specificity(self) -> tuple[int, int, int, int]:
        """A key that puts what is more special first.

        An exact host before one with wildcards before none; longer before shorter;
        and of two paths as long, the exact one.
        """
        host, path = (self.hosts or ("*",))[0], (self.paths or ("/*",))[0]
        return (
            _host_class(host),
            -literals(host) if _host_class(host) == 1 else 0,
            -literals(path),
            int(literals(path) != len(path)),
        )


def match_of(route: RouteSpec) -> Match:
    """Return what ``route`` matches."""
    return normalised((route.host,), (route.path,))


def normalised(
    hosts: tuple[str, ...], paths: tuple[str, ...], *, more: bool = False
) -> Match:
    """Return the conditions in the one spelling; what matches anything is left out."""
    lower = tuple(sorted({host.lower() for host in hosts}))
    anything = "*" in lower, {"*", "/*"} & set(paths)
    return Match(
        () if anything[0] else lower,
        () if anything[1] else tuple(sorted(set(paths))),
        more,
    )


def natural_priority(match: Match) -> int:
    """Return the priority that follows from how special ``match`` is.

    The same for ever: adding a route moves no other. Those as special as each other
    have the same one; who comes second takes the next that is free.
    """
    host_class, host, path, wild = match.specificity
    start = (_EXACT, _WILDCARD, _ANY)[host_class]
    if host_class == 1:
        # Hosts first: whatever their paths, the longer host is looked at first.
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
