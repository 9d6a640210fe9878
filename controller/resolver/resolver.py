"""Resolver with a cache that is also used while DNS fails.

Order: literal, fresh, DNS, stale, configured fallback, error. One thread at a time
queries a name; concurrent callers share its answer or its failure.
"""

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from controller.core.clock import Clock
from controller.core.errors import ControllerError, NotFoundError, TransientError
from controller.core.rates.retry import RetryPolicy, backoff
from controller.core.resources.fallbacks import Fallbacks
from controller.resolver.query import Query, dns_query
from controller.resolver.resolution import (
    Failure,
    Found,
    Missing,
    Resolution,
    Source,
    literal_addresses,
)

log = logging.getLogger(__name__)

_TTL_SECONDS = 300.0
_TIMEOUT_SECONDS = 10.0
# A task that is being replaced is missing from DNS briefly. After this time its address
# may belong to another task.
_GRACE_SECONDS = 60.0
_MAX_NAMES = 1_024
_RECHECK = RetryPolicy(initial=timedelta(seconds=0.5), maximum=timedelta(seconds=5))


@dataclass(frozen=True, slots=True)
class NameHealth:
    """State of one name in the cache.

    Attributes:
        host: Name of the host.
        source: Origin of the last addresses; None if there were none.
        addresses: Last addresses from DNS.
        age: Seconds since the DNS answer; None if this process got none.
        ttl: TTL of the answer in seconds.
        failures: Number of consecutive failed queries.
        problem: Reason of the last failure; empty if the last query succeeded.
    """

    host: str
    source: Source | None
    addresses: tuple[str, ...]
    age: float | None
    ttl: float
    failures: int
    problem: str


@dataclass(slots=True)
class _Name:
    """Cache entry of one name. Only the holder of the lock changes it."""

    host: str
    lock: threading.Lock = field(default_factory=threading.Lock)
    found: Found | None = None
    found_at: float = 0.0
    failures: int = 0
    failure: Failure | None = None
    next_query_at: float = 0.0
    source: Source | None = None


class Resolver:
    """Resolves host names. Thread-safe.

    Args:
        fallbacks: Store of the last good addresses, kept across restarts.
        clock: Clock that measures ages.
        nameserver: Host and port of the name server; None for those of the machine.
        ttl: Maximum seconds that an answer is cached.
        timeout: Maximum seconds of a query.
        last_resort: Configured addresses, used when there are no others.
        persist: True to write good addresses to ``fallbacks``; False for a read-only
            command, or where another process writes them.
        query: DNS query; only tests pass one.
    """

    def __init__(
        self,
        fallbacks: Fallbacks,
        clock: Clock,
        *,
        nameserver: tuple[str, int] | None = None,
        ttl: float = _TTL_SECONDS,
        timeout: float = _TIMEOUT_SECONDS,
        last_resort: Mapping[str, Sequence[str]] | None = None,
        persist: bool = True,
        query: Query | None = None,
    ) -> None:
        self._fallbacks = fallbacks
        self._clock = clock
        self._ttl = ttl
        self._last_resort = last_resort or {}
        self._persist = persist
        self._query = query or dns_query(nameserver, timeout)
        self._lock = threading.Lock()
        self._names: dict[str, _Name] = {}

    def resolve(self, host: str) -> Resolution:
        """Return the addresses of ``host``, from the cache while they are fresh.

        Raises:
            NotFoundError: The name has no address, and none is cached.
            TransientError: DNS did not answer, and no address is cached.
        """
        if addresses := literal_addresses(host):
            return Resolution(host, addresses, Source.LITERAL)
        name = self._name(host)
        if (fresh := self._fresh(name)) is not None:
            return fresh
        with name.lock:
            # Another thread may have queried DNS while this one waited.
            if (fresh := self._fresh(name)) is not None:
                return fresh
            if name.failure is None or self._clock.monotonic() >= name.next_query_at:
                return self._query_dns(name)
            return self._without_dns(name, name.failure)

    def refresh(self, host: str) -> Resolution:
        """Query DNS now, and return cached addresses if it fails.

        Raises as ``resolve`` does.
        """
        if addresses := literal_addresses(host):
            return Resolution(host, addresses, Source.LITERAL)
        name = self._name(host)
        with name.lock:
            return self._query_dns(name)

    def addresses(self, host: str) -> tuple[str, ...]:
        """Return the addresses of ``host`` without their origin."""
        return self.resolve(host).addresses

    def snapshot(self) -> tuple[NameHealth, ...]:
        """Return the state of every cached name without waiting."""
        with self._lock:
            names = list(self._names.values())
        return tuple(self._health(name) for name in names)

    def _name(self, host: str) -> _Name:
        host = host.rstrip(".").lower()
        with self._lock:
            name = self._names.pop(host, None) or _Name(host)
            # The order is that of use: the least recently used name is first.
            self._names[host] = name
            if len(self._names) > _MAX_NAMES:
                del self._names[next(iter(self._names))]
            return name

    def _fresh(self, name: _Name) -> Resolution | None:
        found = name.found
        if found is None or name.failure is not None:
            return None
        age = self._clock.monotonic() - name.found_at
        if age >= found.ttl:
            return None
        return Resolution(name.host, found.addresses, Source.FRESH, age, found.ttl)

    def _query_dns(self, name: _Name) -> Resolution:
        """Query DNS and cache the answer; the caller holds the lock."""
        answer = self._query(name.host)
        now = self._clock.monotonic()
        if not isinstance(answer, Found):
            name.failures += 1
            name.failure = answer
            wait = backoff(_RECHECK, name.failures, name.host)
            name.next_query_at = now + wait.total_seconds()
            return self._without_dns(name, answer)
        found = Found(answer.addresses, min(answer.ttl, self._ttl))
        name.found, name.found_at = found, now
        name.failures, name.failure = 0, None
        name.source = Source.DNS
        if self._persist:
            self._store(name.host, found.addresses)
        return Resolution(name.host, found.addresses, Source.DNS, 0.0, found.ttl)

    def _without_dns(self, name: _Name, failure: Failure) -> Resolution:
        """Return cached or configured addresses, or raise the failure of DNS."""
        reason, missing = failure.reason, isinstance(failure, Missing)
        age = self._clock.monotonic() - name.found_at
        if name.found is not None and not (missing and age > _GRACE_SECONDS):
            name.source, found = Source.STALE, name.found
            return Resolution(
                name.host, found.addresses, Source.STALE, age, found.ttl, reason
            )
        if not missing and (stored := self._last_good(name.host)):
            name.source = Source.STALE
            return Resolution(name.host, stored, Source.STALE, None, 0.0, reason)
        if configured := tuple(self._last_resort.get(name.host, ())):
            name.source = Source.FALLBACK
            return Resolution(name.host, configured, Source.FALLBACK, None, 0.0, reason)
        name.source = None
        msg = f"{name.host} does not resolve: {reason}"
        raise NotFoundError(msg) if missing else TransientError(msg)

    def _store(self, host: str, addresses: tuple[str, ...]) -> None:
        try:
            self._fallbacks.keep(host, addresses)
        except ControllerError as error:
            # Resolution must work without the store.
            log.warning(
                "addresses not stored", extra={"host": host, "error": str(error)}
            )

    def _last_good(self, host: str) -> tuple[str, ...]:
        try:
            return self._fallbacks.last_good(host)
        except ControllerError as error:
            log.warning("addresses not read", extra={"host": host, "error": str(error)})
            return ()

    def _health(self, name: _Name) -> NameHealth:
        found, failure = name.found, name.failure
        age = None if found is None else self._clock.monotonic() - name.found_at
        return NameHealth(
            host=name.host,
            source=name.source,
            addresses=() if found is None else found.addresses,
            age=age,
            ttl=0.0 if found is None else found.ttl,
            failures=name.failures,
            problem="" if failure is None else failure.reason,
        )
