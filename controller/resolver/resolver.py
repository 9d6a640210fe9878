"""Resolver with a cache that is also used while DNS fails.

Order: literal, fresh, DNS, stale, configured fallback, error. One thread at a time
queries a name; concurrent callers share its answer or its failure. With a known address,
a caller does not wait for a name server that is slow or silent: the query goes on in
the background, and a later caller gets its answer.
"""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from controller.core.clock import Clock
from controller.core.errors import ControllerError, NotFoundError, TransientError
from controller.core.rates.retry import RetryPolicy, backoff
from controller.core.resources.fallbacks import Fallbacks
from controller.resolver.query import Query, dns_query
from controller.resolver.resolution import (
    Answer,
    Failure,
    Found,
    Missing,
    NoAnswer,
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
# Seconds that a caller with a known address waits for DNS, unless DNS fails already.
_PATIENCE_SECONDS = 0.05
# Fraction of the TTL after which a name in use is queried again in the background.
_REFRESH_AFTER = 0.8
_RECHECK = RetryPolicy(initial=timedelta(seconds=0.5), maximum=timedelta(seconds=5))


@dataclass(frozen=True, slots=True)
class NameHealth:
    """State of one name in the cache.

    Attributes:
        host: Name of the host.
        source: Origin of the last addresses; None if there were none.
        addresses: Addresses in use, from whichever source.
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
    """Cache entry of one name. Only the thread of its query changes the answer.

    Attributes:
        host: Name of the host.
        query: Set once the query in progress has ended; None without one.
        found: Last answer with addresses.
        found_at: Monotonic time of that answer.
        failures: Number of consecutive failed queries.
        failure: Result of the last query, if it failed.
        next_query_at: Monotonic time of the next query after a failure.
        source: Origin of the addresses in use.
        used: Addresses in use.
    """

    host: str
    query: threading.Event | None = None
    found: Found | None = None
    found_at: float = 0.0
    failures: int = 0
    failure: Failure | None = None
    next_query_at: float = 0.0
    source: Source | None = None
    used: tuple[str, ...] = ()


def _in_thread(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="dns", daemon=True).start()


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
        spawn: Runs a query in the background; only tests pass one.
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
        spawn: Callable[[Callable[[], None]], None] = _in_thread,
    ) -> None:
        self._fallbacks = fallbacks
        self._clock = clock
        self._ttl = ttl
        self._last_resort = last_resort or {}
        self._persist = persist
        self._query = query or dns_query(nameserver, timeout)
        self._spawn = spawn
        self._lock = threading.Lock()
        self._names: dict[str, _Name] = {}

    def resolve(self, host: str) -> Resolution:
        """Return the addresses of ``host``, from the cache while they are fresh.

        Waits for DNS only if no address is known.

        Raises:
            NotFoundError: The name has no address, and none is cached.
            TransientError: DNS did not answer, and no address is cached.
        """
        if addresses := literal_addresses(host):
            return Resolution(host, addresses, Source.LITERAL)
        name = self._name(host)
        if (fresh := self._fresh(name)) is not None:
            if (fresh.age or 0.0) >= fresh.ttl * _REFRESH_AFTER:
                self._query_if_due(name)
            return self._using(name, fresh)
        before, failed = name.found, name.failure is not None
        known = self._known(name, name.failure or NoAnswer("DNS has not answered yet"))
        ended = self._query_if_due(name)
        if ended is not None and not (known and failed):
            ended.wait(_PATIENCE_SECONDS if known else None)
        return self._result(name, before, known)

    def refresh(self, host: str) -> Resolution:
        """Query DNS now, and return cached addresses if it fails.

        Raises as ``resolve`` does.
        """
        if addresses := literal_addresses(host):
            return Resolution(host, addresses, Source.LITERAL)
        name = self._name(host)
        before = name.found
        self._begin_query(name).wait()
        return self._result(name, before, None)

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
        """Return the answer within its TTL, unless DNS says that the name is gone."""
        found = name.found
        if found is None or isinstance(name.failure, Missing):
            return None
        age = self._clock.monotonic() - name.found_at
        if age >= found.ttl:
            return None
        return Resolution(name.host, found.addresses, Source.FRESH, age, found.ttl)

    def _query_if_due(self, name: _Name) -> threading.Event | None:
        """Begin or join a query; None while the last failure is too recent."""
        if name.failure is not None and self._clock.monotonic() < name.next_query_at:
            return name.query
        return self._begin_query(name)

    def _begin_query(self, name: _Name) -> threading.Event:
        """Begin a query, or join the one in progress; return the event of its end."""
        with self._lock:
            if name.query is not None:
                return name.query
            ended = name.query = threading.Event()

        def run() -> None:
            try:
                self._take(name, self._answer(name.host))
            finally:
                name.query = None
                ended.set()

        self._spawn(run)
        return ended

    def _answer(self, host: str) -> Answer:
        try:
            return self._query(host)
        except Exception as error:
            # Those who wait need an answer.
            log.exception("a DNS query failed", extra={"host": host})
            return NoAnswer(f"the query failed: {type(error).__name__}")

    def _take(self, name: _Name, answer: Answer) -> None:
        """Cache the answer of a query."""
        now = self._clock.monotonic()
        if not isinstance(answer, Found):
            name.failures += 1
            wait = backoff(_RECHECK, name.failures, name.host)
            name.next_query_at = now + wait.total_seconds()
            name.failure = answer
            return
        name.found = Found(answer.addresses, min(answer.ttl, self._ttl))
        name.found_at = now
        name.failures, name.failure = 0, None
        if self._persist:
            self._store(name.host, answer.addresses)

    def _result(
        self, name: _Name, before: Found | None, known: Resolution | None
    ) -> Resolution:
        """Return the answer that replaced ``before``, else what was known, or raise."""
        found, failure = name.found, name.failure
        if failure is None and found is not None and found is not before:
            answer = Resolution(name.host, found.addresses, Source.DNS, 0.0, found.ttl)
            return self._using(name, answer)
        if failure is not None:
            known = self._known(name, failure)
        if known is not None:
            return self._using(name, known)
        name.source, name.used = None, ()
        reason = failure.reason if failure else "DNS has not answered yet"
        msg = f"{name.host} does not resolve: {reason}"
        raise (
            NotFoundError(msg) if isinstance(failure, Missing) else TransientError(msg)
        )

    def _known(self, name: _Name, failure: Failure) -> Resolution | None:
        """Return cached or configured addresses; None if ``failure`` leaves none."""
        reason, missing = failure.reason, isinstance(failure, Missing)
        age = self._clock.monotonic() - name.found_at
        found = name.found
        if found is not None and not (missing and age > _GRACE_SECONDS):
            return Resolution(
                name.host, found.addresses, Source.STALE, age, found.ttl, reason
            )
        if not missing and (stored := self._last_good(name.host)):
            return Resolution(name.host, stored, Source.STALE, None, 0.0, reason)
        if configured := tuple(self._last_resort.get(name.host, ())):
            return Resolution(name.host, configured, Source.FALLBACK, None, 0.0, reason)
        return None

    def _using(self, name: _Name, resolution: Resolution) -> Resolution:
        """Record the addresses that are used, and return them."""
        is_dns = resolution.source in {Source.DNS, Source.FRESH}
        name.source = Source.DNS if is_dns else resolution.source
        name.used = resolution.addresses
        return resolution

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
            addresses=name.used,
            age=age,
            ttl=0.0 if found is None else found.ttl,
            failures=name.failures,
            problem="" if failure is None else failure.reason,
        )
