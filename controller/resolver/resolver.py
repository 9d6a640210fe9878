"""Resolve names: from memory while they are good, and while DNS fails.

literal > fresh > DNS > stale > the configured last resort > an error. One thread
asks for a name at a time; the others take its answer, or share its failure.
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
from controller.resolver.query import Query, asking
from controller.resolver.resolution import (
    Failure,
    Found,
    Missing,
    Resolution,
    Source,
    literal,
)

log = logging.getLogger(__name__)

_TTL_SECONDS = 300.0
_TIMEOUT_SECONDS = 10.0
# A task that is replaced is missing from DNS for a moment. Longer than this, and
# its address may have become somebody else's.
_GRACE_SECONDS = 60.0
_MOST_NAMES = 1_024
_RECHECK = RetryPolicy(initial=timedelta(seconds=0.5), maximum=timedelta(seconds=5))


@dataclass(frozen=True, slots=True)
class NameHealth:
    """How it stands with one name.

    Attributes:
        host: The name.
        source: Where its addresses came from last; None if there were none.
        addresses: As last given.
        age: Seconds since DNS gave them; None if it never did in this process.
        ttl: Seconds for which they were good.
        failures: How often in a row DNS did not give any.
        problem: Why, the last time.
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
    """What is known of one name. Changed only by whoever holds the lock."""

    host: str
    lock: threading.Lock = field(default_factory=threading.Lock)
    found: Found | None = None
    found_at: float = 0.0
    failures: int = 0
    failure: Failure | None = None
    ask_again_at: float = 0.0
    source: Source | None = None


class Resolver:
    """Resolves names. Safe to use from several threads.

    Args:
        fallbacks: Has the last good addresses across restarts.
        clock: Measures ages.
        nameserver: Host and port of the one to ask; None for the machine's own.
        ttl: Seconds after which addresses are asked for anew, at the latest.
        timeout: Seconds that a question may take.
        last_resort: Addresses of hosts for which nobody else has any.
        keeps: Whether good addresses are kept as they come; False for a look
            that must not write, or where somebody else keeps them.
        query: Asks DNS; given in tests.
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
        keeps: bool = True,
        query: Query | None = None,
    ) -> None:
        self._fallbacks = fallbacks
        self._clock = clock
        self._ttl = ttl
        self._last_resort = last_resort or {}
        self._keeps = keeps
        self._query = query or asking(nameserver, timeout)
        self._lock = threading.Lock()
        self._names: dict[str, _Name] = {}

    def resolve(self, host: str) -> Resolution:
        """Return the addresses of ``host``, asking DNS only if memory is too old.

        Raises NotFoundError when the name has no address, TransientError when
        nobody could say; both only when nothing is remembered.
        """
        if addresses := literal(host):
            return Resolution(host, addresses, Source.LITERAL)
        name = self._name(host)
        if (fresh := self._fresh(name)) is not None:
            return fresh
        with name.lock:
            # Another thread may have asked while this one waited.
            if (fresh := self._fresh(name)) is not None:
                return fresh
            if name.failure is None or self._clock.monotonic() >= name.ask_again_at:
                return self._asked(name)
            return self._without_dns(name, name.failure)

    def refresh(self, host: str) -> Resolution:
        """Ask DNS now, and return what is remembered if it fails.

        Raises as ``resolve`` does.
        """
        if addresses := literal(host):
            return Resolution(host, addresses, Source.LITERAL)
        name = self._name(host)
        with name.lock:
            return self._asked(name)

    def addresses(self, host: str) -> tuple[str, ...]:
        """Return only the addresses; for clients that connect."""
        return self.resolve(host).addresses

    def snapshot(self) -> tuple[NameHealth, ...]:
        """Return how it stands with every name asked for so far. Never waits."""
        with self._lock:
            names = list(self._names.values())
        return tuple(self._health(name) for name in names)

    def _name(self, host: str) -> _Name:
        host = host.rstrip(".").lower()
        with self._lock:
            name = self._names.pop(host, None) or _Name(host)
            # At the end stand those used last; the first to go is at the front.
            self._names[host] = name
            if len(self._names) > _MOST_NAMES:
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

    def _asked(self, name: _Name) -> Resolution:
        """Ask DNS and remember what it says; the caller holds the lock."""
        answer = self._query(name.host)
        now = self._clock.monotonic()
        if not isinstance(answer, Found):
            name.failures += 1
            name.failure = answer
            wait = backoff(_RECHECK, name.failures, name.host)
            name.ask_again_at = now + wait.total_seconds()
            return self._without_dns(name, answer)
        found = Found(answer.addresses, min(answer.ttl, self._ttl))
        name.found, name.found_at = found, now
        name.failures, name.failure = 0, None
        name.source = Source.DNS
        if self._keeps:
            self._keep(name.host, found.addresses)
        return Resolution(name.host, found.addresses, Source.DNS, 0.0, found.ttl)

    def _without_dns(self, name: _Name, failure: Failure) -> Resolution:
        """Return what else is known, or raise what DNS answered."""
        why, gone = failure.why, isinstance(failure, Missing)
        age = self._clock.monotonic() - name.found_at
        if name.found is not None and not (gone and age > _GRACE_SECONDS):
            name.source, found = Source.STALE, name.found
            return Resolution(
                name.host, found.addresses, Source.STALE, age, found.ttl, why
            )
        if not gone and (kept := self._last_good(name.host)):
            name.source = Source.STALE
            return Resolution(name.host, kept, Source.STALE, None, 0.0, why)
        if last := tuple(self._last_resort.get(name.host, ())):
            name.source = Source.FALLBACK
            return Resolution(name.host, last, Source.FALLBACK, None, 0.0, why)
        name.source = None
        msg = f"{name.host} does not resolve: {why}"
        raise NotFoundError(msg) if gone else TransientError(msg)

    def _keep(self, host: str, addresses: tuple[str, ...]) -> None:
        try:
            self._fallbacks.keep(host, addresses)
        except ControllerError as error:
            # Resolving must not depend on the store.
            log.warning("addresses not kept", extra={"host": host, "error": str(error)})

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
            problem="" if failure is None else failure.why,
        )
