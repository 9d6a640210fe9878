"""Resolver with a cache that is also used while DNS fails.

Order: literal, pin, fresh, stale while a query is under way, DNS, stale, declared
fallback, error. One thread at a time queries a name; concurrent callers share its answer
or its failure. With a known address, no caller waits for DNS: the query goes on in the
background, and a later caller gets its answer. Only the first lookup of a name in a
process waits up to 50 ms before it uses an address of an earlier process, unless queries
wait for a thread. Queries have a bounded number of threads, of which names that fail
leave some to the others.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from contextlib import suppress
from dataclasses import dataclass, field, replace

from controller.core.clock import Clock
from controller.core.dns.answers import (
    Answer,
    Failure,
    FailureKind,
    Found,
    Resolution,
    Source,
    canonical_host,
    literal_addresses,
)
from controller.core.dns.health import NameHealth, NameReport
from controller.core.dns.record import (
    MAX_STALE_SECONDS,
    TTL_SECONDS,
    CacheLimits,
    NameRecord,
    answered,
    chosen,
    is_due,
)
from controller.core.dns.window import Window
from controller.core.errors import ControllerError, NotFoundError, TransientError
from controller.core.resources.fallbacks import Fallbacks
from controller.resolver.pin_board import PinBoard
from controller.resolver.query import Query, dns_query
from controller.resolver.query_threads import QueryThreads
from controller.telemetry.metrics import (
    DNS_ADDRESS_CHANGES,
    DNS_LOOKUPS,
    DNS_QUERIES,
    DNS_QUERY_SECONDS,
    Metrics,
)

log = logging.getLogger(__name__)

_TIMEOUT_SECONDS = 10.0
_MOST_NAMES = 1_024
# Seconds that the first lookup of a name waits for DNS before it uses an address that
# this process has not seen in DNS: it may belong to another task by now.
_PATIENCE_SECONDS = 0.05
# A name that was used so recently is queried again before its answer expires.
_IN_USE_SECONDS = 600.0
# The store is told so often that an unchanged address is still valid.
_CONFIRM_SECONDS = 3_600.0
# An address that refused a connection is tried last for so long.
_AVOID_SECONDS = 30.0
# Queries in progress at once of names whose last query failed: a name server that is
# silent for some names holds a thread for the whole timeout.
_MOST_RECHECKS = 16
# A caller without an address waits for this time longer than a query may take.
_GRACE_SECONDS = 1.0
# A client whose connections failed waits so long for a new address.
_MOVED_SECONDS = 1.0

Changed = Callable[[str, tuple[str, ...]], None]


@dataclass(slots=True)
class _Name:
    """Mutable state of one name; ``record`` is replaced as a whole.

    Attributes:
        record: Facts about the name.
        query: Query in progress; None without one.
        used_at: Monotonic time of the last lookup.
        source: Origin of the addresses in use; None if the last lookup had none.
        used: Addresses in use.
        lookups: Lookups, and those without an address.
        queries: Queries, and failed ones.
        avoided: Monotonic time until which an address is tried last.
        kept: Addresses that were given to the store.
        kept_at: Monotonic time of that.
    """

    record: NameRecord
    query: "Future[None] | None" = None
    used_at: float = 0.0
    source: Source | None = None
    used: tuple[str, ...] = ()
    lookups: Window = field(default_factory=Window)
    queries: Window = field(default_factory=Window)
    avoided: dict[str, float] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()
    kept_at: float = 0.0


class Resolver:
    """Resolves host names. Thread-safe, and usable from any event loop.

    Args:
        fallbacks: Store of the last good addresses, kept across restarts.
        clock: Clock that measures ages.
        nameserver: Host and port of the name server; None for those of the machine.
        ttl: Maximum seconds that an answer is fresh.
        timeout: Maximum seconds of a query.
        max_stale: Maximum seconds that an answer is used while DNS fails.
        last_resort: Declared addresses, used when there are no others.
        persist: True to write good addresses to ``fallbacks``; False for a read-only
            command, or where another process writes them.
        pins: Addresses that take precedence over DNS.
        salt: Text that differs between processes, so that their queries spread.
        metrics: Counts lookups and queries; None for none.
        query: DNS query; only tests pass one.
        spawn: Runs a query in the background; only tests pass one. Default: a bounded
            number of threads.
    """

    def __init__(
        self,
        fallbacks: Fallbacks,
        clock: Clock,
        *,
        nameserver: tuple[str, int] | None = None,
        ttl: float = TTL_SECONDS,
        timeout: float = _TIMEOUT_SECONDS,
        max_stale: float = MAX_STALE_SECONDS,
        last_resort: Mapping[str, Sequence[str]] | None = None,
        persist: bool = True,
        pins: PinBoard | None = None,
        salt: str = "",
        metrics: Metrics | None = None,
        query: Query | None = None,
        spawn: Callable[[Callable[[], None]], None] | None = None,
    ) -> None:
        self._fallbacks = fallbacks
        self._clock = clock
        self._limits = CacheLimits(ttl, max_stale, salt)
        self._last_resort = {
            canonical_host(host): tuple(addresses)
            for host, addresses in (last_resort or {}).items()
        }
        self._persist = persist
        self._pins = pins or PinBoard(clock)
        self._metrics = metrics
        self._query = query or dns_query(nameserver, timeout)
        self._timeout = timeout
        self._threads = QueryThreads()
        self._spawn = spawn or self._threads.start
        self._rechecks = 0
        self._lock = threading.Lock()
        self._names: dict[str, _Name] = {}
        self._listeners: list[Changed] = []
        self._counters: dict[str, Callable[[], None]] = {}
        self._pins.on_flush(self.flush)
        self._pins.on_pin(self._pinned)

    def resolve(self, host: str) -> Resolution:
        """Return the addresses of ``host``, from the cache if one is known.

        Raises:
            NotFoundError: The name has no address, and none is known.
            TransientError: DNS did not answer, and no address is known.
        """
        if (hit := self._hit(host)) is not None:
            return hit
        if addresses := literal_addresses(host):
            return Resolution(host, addresses, Source.LITERAL)
        name, found, query, patience = self._begin(host)
        if found is not None and query is None:
            return found
        if query is not None:
            wait_for((query,), patience)
        return self._result(name)

    async def resolve_async(self, host: str) -> Resolution:
        """Do the same in an event loop."""
        if (hit := self._hit(host)) is not None:
            return hit
        if addresses := literal_addresses(host):
            return Resolution(host, addresses, Source.LITERAL)
        if canonical_host(host) not in self._names:
            # Its addresses of an earlier process are read from the store.
            await asyncio.to_thread(self._name, host)
        name, found, query, patience = self._begin(host)
        if found is not None and query is None:
            return found
        if query is not None:
            await _ended(query, patience)
        return self._result(name)

    def refresh(self, host: str) -> Resolution:
        """Query DNS now, and return known addresses if it fails; a pin has no effect.

        Raises as ``resolve`` does.
        """
        if addresses := literal_addresses(host):
            return Resolution(host, addresses, Source.LITERAL)
        name = self._name(host)
        wait_for((self._begin_query(name),), self._longest_wait)
        found = self._result(name, pinned=False)
        # Within its TTL, but DNS has just not confirmed it.
        is_old = found.source is Source.FRESH
        return replace(found, source=Source.STALE) if is_old else found

    def addresses(self, host: str) -> tuple[str, ...]:
        """Return the addresses of ``host`` without their origin."""
        return self.resolve(host).addresses

    def avoid(self, host: str, address: str) -> None:
        """Try ``address`` last for 30 s: it refused a connection, or did not answer."""
        if literal_addresses(host):
            return
        name, now = self._name(host), self._clock.monotonic()
        kept = {a: until for a, until in name.avoided.items() if now < until}
        name.avoided = {**kept, address: now + _AVOID_SECONDS}

    def moved(self, host: str, tried: Collection[str]) -> tuple[str, ...]:
        """Return addresses of ``host`` that were not tried, after these refused.

        Waits up to 1 s for a query, unless DNS fails or a pin is in force.
        """
        if literal_addresses(host):
            return ()
        name = self._name(host)
        now = self._clock.monotonic()
        record, query = name.record, name.query
        is_old = now - record.found_at >= _MOVED_SECONDS or query is not None
        if is_old and record.failure is None and not self._pins.of(record.host):
            wait_for((self._begin_query(name),), _MOVED_SECONDS)
        found = self._chosen(name, now)
        return tuple(a for a in found.addresses if a not in tried) if found else ()

    def flush(self, host: str = "") -> None:
        """Forget the cached answer for ``host``, or all of them without one."""
        with self._lock:
            if host:
                self._names.pop(canonical_host(host), None)
            else:
                self._names.clear()

    def on_change(self, changed: Changed) -> None:
        """Call ``changed`` with a host and its addresses after DNS or a pin changed them.

        It is called in the thread of the query, or of the read of the pins.
        """
        self._listeners.append(changed)

    def refresh_due(self) -> float:
        """Begin the queries of names in use that are due; return seconds to wait.

        Call it repeatedly in a process that runs for long; see ``Keeper``.
        """
        now = self._clock.monotonic()
        soonest = _IN_USE_SECONDS
        for name in tuple(self._names.values()):
            if now - name.used_at > _IN_USE_SECONDS or name.query is not None:
                continue
            if self._pins.of(name.record.host):
                continue
            if is_due(name.record, now):
                if self._query_if_due(name, now) is None:
                    # It begins after another query has ended.
                    soonest = 0.0
            else:
                soonest = min(soonest, name.record.next_query_at - now)
        return soonest

    def snapshot(self) -> tuple[NameHealth, ...]:
        """Return the state of every cached name without waiting."""
        with self._lock:
            names = list(self._names.values())
        return tuple(self._health(name) for name in names)

    def report(self, host: str) -> NameReport:
        """Return the pin of ``host``, and the failures of its queries."""
        key = canonical_host(host)
        pin, name = self._pins.of(key), self._names.get(key)
        if name is None or name.record.failure is None:
            return NameReport(pin=pin)
        failures, reason = name.record.failures, name.record.failure.reason
        return NameReport(failures, reason, pin=pin)

    def _hit(self, host: str) -> Resolution | None:
        """Return a fresh answer that is not due; None to decide by the whole order.

        It is the path of nearly every lookup, and so does without all other checks.
        """
        name = self._names.get(host)
        if name is None or name.avoided or self._pins.of(host) is not None:
            return None
        record, now = name.record, self._clock.monotonic()
        found = record.found
        if found is None or record.failure is not None or now >= record.next_query_at:
            return None
        name.used_at = now
        age = now - record.found_at
        return self._using(
            name, Resolution(host, found.addresses, Source.FRESH, age, found.ttl), now
        )

    def _begin(
        self, host: str
    ) -> "tuple[_Name, Resolution | None, Future[None] | None, float]":
        """Return what is known, and a query to wait for, for how many seconds."""
        name = self._name(host)
        now = self._clock.monotonic()
        found = self._chosen(name, now)
        if found is None:
            return name, None, self._query_if_due(name, now), self._longest_wait
        if found.source is Source.PIN:
            return name, self._using(name, found, now), None, 0.0
        query = self._query_if_due(name, now)
        if found.source is Source.FRESH or query is None:
            return name, self._using(name, found, now), None, 0.0
        if query.done() or _is_first(name):
            return name, found, query, self._patience
        return name, self._using(name, found, now), None, 0.0

    def _name(self, host: str) -> _Name:
        key = canonical_host(host)
        now = self._clock.monotonic()
        name = self._names.get(key)
        if name is None:
            name = self._new_name(key, now)
        elif now > name.used_at:
            name.used_at = now
        return name

    def _new_name(self, host: str, now: float) -> _Name:
        stored, stored_at = self._last_good(host, now)
        with self._lock:
            if host in self._names:
                return self._names[host]
            if len(self._names) >= _MOST_NAMES:
                oldest = min(self._names, key=lambda one: self._names[one].used_at)
                del self._names[oldest]
            declared = self._last_resort.get(host, ())
            record = NameRecord(host, declared, stored=stored, stored_at=stored_at)
            name = self._names[host] = _Name(record, used_at=now)
            return name

    def _chosen(
        self, name: _Name, now: float, *, pinned: bool = True
    ) -> Resolution | None:
        pin = self._pins.of(name.record.host) if pinned else None
        found = chosen(name.record, now, self._limits, pin.addresses if pin else ())
        if found is None or not name.avoided or len(found.addresses) == 1:
            return found
        avoided = {a for a, until in name.avoided.items() if now < until}
        order = sorted(found.addresses, key=avoided.__contains__)
        return replace(found, addresses=tuple(order))

    @property
    def _longest_wait(self) -> float:
        """Seconds that a caller waits for a query: it may itself wait for a thread."""
        return self._timeout + _GRACE_SECONDS

    @property
    def _patience(self) -> float:
        return 0.0 if self._threads.is_busy else _PATIENCE_SECONDS

    def _query_if_due(self, name: _Name, now: float) -> "Future[None] | None":
        """Begin or join a query; None while it is too early, or too many are failing."""
        is_recheck = name.record.failure is not None
        if is_recheck and self._rechecks >= _MOST_RECHECKS:
            return name.query
        if is_due(name.record, now):
            return self._begin_query(name)
        return name.query

    def _begin_query(self, name: _Name) -> "Future[None]":
        """Begin a query, or join the one in progress; return its end."""
        with self._lock:
            if name.query is not None:
                return name.query
            ended: Future[None] = Future()
            name.query = ended
            is_recheck = name.record.failure is not None
            self._rechecks += is_recheck
        begun = self._clock.monotonic()

        def end() -> None:
            with self._lock:
                self._rechecks -= is_recheck
            name.query = None
            ended.set_result(None)

        def run() -> None:
            try:
                self._take(name, self._answer(name.record.host, begun))
            finally:
                end()

        try:
            self._spawn(run)
        except RuntimeError as error:
            # The queue is full, or no thread can be started.
            reason = f"the query could not be started: {error}"
            self._take(name, Failure(FailureKind.ERROR, reason))
            end()
        return ended

    def _answer(self, host: str, queued: float) -> Answer:
        """Return the answer of DNS; a failure if the timeout has passed in the queue."""
        begun = self._clock.monotonic()
        if begun - queued >= self._timeout:
            reason = f"no thread was free for the query within {self._timeout:g} s"
            return Failure(FailureKind.TIMEOUT, reason)
        try:
            return self._query(host)
        except Exception as error:
            # Those who wait need an answer.
            log.exception("a DNS query failed", extra={"host": host})
            reason = f"the query failed: {type(error).__name__}"
            return Failure(FailureKind.ERROR, reason)
        finally:
            if self._metrics is not None:
                elapsed = self._clock.monotonic() - begun
                self._metrics.measure(DNS_QUERY_SECONDS, elapsed)

    def _take(self, name: _Name, answer: Answer) -> None:
        """Cache the answer of a query."""
        now, before = self._clock.monotonic(), name.record
        record = answered(before, answer, now, self._limits)
        is_found = isinstance(answer, Found)
        if not is_found and record.found is None and not record.stored:
            # The store may not have answered before.
            stored, stored_at = self._last_good(record.host, now)
            record = replace(record, stored=stored, stored_at=stored_at)
        name.record = record
        name.queries.add(now, success=is_found)
        if self._metrics is not None:
            outcome = "found" if isinstance(answer, Found) else answer.kind.value
            self._metrics.count(DNS_QUERIES, outcome=outcome)
        if isinstance(answer, Found):
            self._keep(name, answer.addresses, now)
            if before.found and set(before.found.addresses) != set(answer.addresses):
                self._tell(record.host, answer.addresses)

    def _tell(self, host: str, addresses: tuple[str, ...]) -> None:
        log.info("addresses changed", extra={"host": host, "addresses": addresses})
        if self._metrics is not None:
            self._metrics.count(DNS_ADDRESS_CHANGES)
        self._notify(host, addresses)

    def _pinned(self, host: str) -> None:
        """Tell the listeners the addresses of a host that was pinned or unpinned."""
        name = self._names.get(host)
        found = name and self._chosen(name, self._clock.monotonic())
        if found:
            self._notify(host, found.addresses)

    def _notify(self, host: str, addresses: tuple[str, ...]) -> None:
        for changed in tuple(self._listeners):
            changed(host, addresses)

    def _result(self, name: _Name, *, pinned: bool = True) -> Resolution:
        """Return what is known after a query, or raise."""
        now = self._clock.monotonic()
        found = self._chosen(name, now, pinned=pinned)
        if found is not None:
            is_new = name.record.failure is None
            if found.source is Source.FRESH and is_new:
                found = replace(found, source=Source.DNS)
            return self._using(name, found, now)
        name.source, name.used = None, ()
        self._count(name, "error", now)
        failure = name.record.failure
        reason = failure.reason if failure else "DNS has not answered yet"
        msg = f"{name.record.host} does not resolve: {reason}"
        missing = failure is not None and failure.is_missing
        raise NotFoundError(msg) if missing else TransientError(msg)

    def _using(self, name: _Name, resolution: Resolution, now: float) -> Resolution:
        """Record the addresses that are used, and return them."""
        source = resolution.source
        name.source = Source.DNS if source is Source.FRESH else source
        name.used = resolution.addresses
        self._count(name, source, now)
        return resolution

    def _count(self, name: _Name, result: str, now: float) -> None:
        name.lookups.add(now, success=result != "error")
        if self._metrics is None:
            return
        increase = self._counters.get(result)
        if increase is None:
            increase = self._metrics.counter(DNS_LOOKUPS, result=str(result))
            self._counters[result] = increase
        increase()

    def _keep(self, name: _Name, addresses: tuple[str, ...], now: float) -> None:
        """Store the addresses if they changed, or once an hour."""
        distinct = frozenset(addresses)
        is_recent = now - name.kept_at < _CONFIRM_SECONDS
        if not self._persist or (distinct == name.kept and is_recent):
            return
        host = name.record.host
        try:
            self._fallbacks.keep(host, addresses)
        except ControllerError as error:
            # Resolution must work without the store.
            log.warning(
                "addresses not stored", extra={"host": host, "error": str(error)}
            )
        else:
            name.kept, name.kept_at = distinct, now

    def _last_good(self, host: str, now: float) -> tuple[tuple[str, ...], float]:
        """Return the stored addresses, and the monotonic time at which they were valid."""
        try:
            kept = self._fallbacks.last_good(host)
        except ControllerError as error:
            log.warning("addresses not read", extra={"host": host, "error": str(error)})
            return (), 0.0
        if kept is None:
            return (), 0.0
        age = (self._clock.now() - kept.at).total_seconds()
        return kept.addresses, now - max(0.0, age)

    def _health(self, name: _Name) -> NameHealth:
        record, now = name.record, self._clock.monotonic()
        found, failure = record.found, record.failure
        return NameHealth(
            host=record.host,
            source=name.source,
            addresses=name.used,
            age=None if found is None else now - record.found_at,
            ttl=0.0 if found is None else found.ttl,
            failures=record.failures,
            problem="" if failure is None else failure.reason,
            next_refresh=max(record.next_query_at - now, 0.0),
            lookups=name.lookups.totals(now),
            queries=name.queries.totals(now),
        )


async def _ended(query: "Future[None]", seconds: float) -> None:
    """Wait for the end of ``query``, at most ``seconds``.

    Unlike a wrapped future, a waiter that is cancelled leaves the query to the others.
    """
    loop, ended = asyncio.get_running_loop(), asyncio.Event()

    def wake(_query: object) -> None:
        # The loop may be closed by then.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(ended.set)

    query.add_done_callback(wake)
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await ended.wait()


def _is_first(name: _Name) -> bool:
    """Return whether DNS has never answered for ``name`` in this process."""
    return name.record.found is None and name.record.failure is None
