"""Health of name resolution, from the state of each name."""

from dataclasses import dataclass
from enum import StrEnum

from controller.core.dns.answers import Source
from controller.core.dns.pins import Pin
from controller.core.dns.window import failure_share

# Share of failed queries or lookups in the window above which a name is degraded.
_DEGRADED_ABOVE = 0.1
_LEAST_SAMPLES = 5
_SECOND_HAND = frozenset({Source.PIN, Source.STALE, Source.FALLBACK})


class HealthStatus(StrEnum):
    """Health of a name, from best to worst."""

    HEALTHY = "healthy"
    STARTING = "starting"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"


@dataclass(frozen=True, slots=True)
class NameHealth:
    """State of one name in the cache.

    Attributes:
        host: Name of the host.
        source: Origin of the last addresses; None if there were none.
        addresses: Addresses in use, from whichever source.
        age: Seconds since the DNS answer; None if this process got none.
        ttl: Seconds for which the answer is fresh.
        failures: Number of consecutive failed queries.
        problem: Reason of the last failure; empty if the last query succeeded.
        next_refresh: Seconds until the next query of a name in use; negative if due.
        lookups: Numbers of lookups and of those without an address, in the window.
        queries: Numbers of DNS queries and of failed ones, in the window.
    """

    host: str
    source: Source | None
    addresses: tuple[str, ...]
    age: float | None
    ttl: float
    failures: int
    problem: str
    next_refresh: float = 0.0
    lookups: tuple[int, int] = (0, 0)
    queries: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class NameReport:
    """Failures of one name, for the conditions of a resource.

    Attributes:
        failures: Number of consecutive failed queries.
        problem: Reason of the last failure; empty if the last query succeeded.
        stepped_back: Reason why the resolver is not used; empty if it is.
        pin: Pin in force; None without one.
    """

    failures: int = 0
    problem: str = ""
    stepped_back: str = ""
    pin: Pin | None = None

    @property
    def pinned(self) -> tuple[str, ...]:
        """Addresses that a pin sets in the place of those of DNS; empty without one."""
        return () if self.pin is None else self.pin.addresses


def name_status(name: NameHealth) -> HealthStatus:
    """Return the health of one name.

    A name with an address is degraded at worst: its users work. It recovers with the
    window. It is starting until its first query has ended: an address of an earlier
    process or of the settings says nothing about DNS.
    """
    has_no_answer = name.age is None and not name.failures
    if has_no_answer and name.source is not Source.PIN:
        return HealthStatus.STARTING
    if name.source is None:
        return HealthStatus.UNHEALTHY
    if name.source in _SECOND_HAND:
        return HealthStatus.DEGRADED
    for totals in (name.lookups, name.queries):
        if totals[0] >= _LEAST_SAMPLES and failure_share(totals) > _DEGRADED_ABOVE:
            return HealthStatus.DEGRADED
    return HealthStatus.HEALTHY


def success_rate(name: NameHealth) -> float:
    """Return the share of lookups in the window that had an address."""
    return 1 - failure_share(name.lookups)
