"""Resolver as one consumer uses it: off, observed, or on, with a way back."""

import asyncio
import logging
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import partial

from controller.core.clock import Clock
from controller.core.dns.answers import Resolution, Source, literal_addresses
from controller.core.dns.health import NameReport
from controller.core.dns.rollout import (
    ComparisonResult,
    Consumer,
    ResolverMode,
    compared,
    effective_mode,
)
from controller.core.dns.window import Window
from controller.core.errors import ControllerError, TransientError
from controller.resolver.query import machine_addresses
from controller.resolver.resolver import Resolver
from controller.telemetry.metrics import DNS_COMPARISONS, Metrics

log = logging.getLogger(__name__)

# Comparisons in progress at once; more are left out.
_MOST_COMPARISONS = 8
# The mode is decided again after so many seconds, and after each failure.
_DECIDED_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class ConsumerState:
    """Mode of one consumer.

    Attributes:
        consumer: Consumer.
        declared: Declared mode.
        effective: Mode in force.
        comparisons: Number of comparisons by result, since the start.
    """

    consumer: Consumer
    declared: ResolverMode
    effective: ResolverMode
    comparisons: dict[str, int]

    @property
    def stepped_back(self) -> str:
        """Reason why the mode in force is not the declared one; empty if it is."""
        if self.effective is self.declared:
            return ""
        failed = self.comparisons[ComparisonResult.FAILED]
        return (
            f"{self.consumer} uses the machine's resolver: the machine answered "
            f"{failed} lookups that the resolver could not"
        )


class ConsumerResolver:
    """Name resolution for one consumer. Thread-safe.

    Args:
        consumer: Consumer.
        resolver: Resolver; shared with other consumers.
        mode: Declared mode.
        clock: Clock of the window of failures.
        metrics: Counts comparisons; None for none.
        machine: Returns the addresses by the operating system's resolver; only tests
            pass one.
        spawn: Runs a comparison in the background; only tests pass one.
    """

    def __init__(
        self,
        consumer: Consumer,
        resolver: Resolver,
        mode: ResolverMode,
        clock: Clock,
        *,
        metrics: Metrics | None = None,
        machine: Callable[[str], tuple[str, ...]] = machine_addresses,
        spawn: Callable[[Callable[[], None]], None] | None = None,
    ) -> None:
        self._consumer = consumer
        self.resolver = resolver
        self._mode = mode
        self._clock = clock
        self._metrics = metrics
        self._machine = machine
        self._spawn = spawn or _in_thread
        self._lock = threading.Lock()
        self._running = 0
        self._window = Window()
        self._counts = dict.fromkeys(map(str, ComparisonResult), 0)
        self._effective = mode
        self._decided_until = float("-inf")

    @property
    def mode(self) -> ResolverMode:
        """Mode in force."""
        now = self._clock.monotonic()
        if self._mode is not ResolverMode.ON or now < self._decided_until:
            return self._effective
        self._decided_until = now + _DECIDED_SECONDS
        found = effective_mode(self._mode, self._window, now)
        if found is not self._effective:
            self._effective = found
            extra = {"consumer": str(self._consumer), "mode": str(found)}
            log.warning("resolver mode changed", extra=extra)
        return found

    def state(self) -> ConsumerState:
        """Return the modes and the comparisons."""
        counts = dict(self._counts)
        return ConsumerState(self._consumer, self._mode, self.mode, counts)

    def resolve(self, host: str) -> Resolution:
        """Return the addresses of ``host`` by the mode in force.

        Raises:
            NotFoundError: The name has no address.
            TransientError: No name server answered.
        """
        if self.mode is ResolverMode.ON:
            try:
                found = self.resolver.resolve(host)
            except ControllerError:
                self._compare(partial(self._check_failure, host))
                raise
            self._window.add(self._clock.monotonic(), success=True)
            return found
        if literal_addresses(host):
            return self.resolver.resolve(host)
        return self._by_machine(host, self._machine(host))

    async def resolve_async(self, host: str) -> Resolution:
        """Do the same in an event loop."""
        if self.mode is ResolverMode.ON:
            try:
                found = await self.resolver.resolve_async(host)
            except ControllerError:
                self._compare(partial(self._check_failure, host))
                raise
            self._window.add(self._clock.monotonic(), success=True)
            return found
        if literal_addresses(host):
            return self.resolver.resolve(host)
        addresses = await asyncio.to_thread(self._machine, host)
        return self._by_machine(host, addresses)

    def refresh(self, host: str) -> Resolution:
        """Return the addresses after a new DNS query, in mode ``on``."""
        return (
            self.resolver.refresh(host)
            if self.mode is ResolverMode.ON
            else self.resolve(host)
        )

    def addresses(self, host: str) -> tuple[str, ...]:
        """Return the addresses of ``host`` without their origin."""
        return self.resolve(host).addresses

    def report(self, host: str) -> NameReport:
        """Return the failures of the queries for ``host``, and of the resolver."""
        found = self.resolver.report(host)
        stepped_back = self.state().stepped_back
        if self.mode is ResolverMode.ON:
            return replace(found, stepped_back=stepped_back)
        # Neither pins nor failures of the resolver matter while it is not used.
        return NameReport(stepped_back=stepped_back)

    def avoid(self, host: str, address: str) -> None:
        """Try ``address`` last for a while."""
        if self.mode is ResolverMode.ON:
            self.resolver.avoid(host, address)

    def moved(self, host: str, tried: Collection[str]) -> tuple[str, ...]:
        """Return addresses of ``host`` that were not tried."""
        return self.resolver.moved(host, tried) if self.mode is ResolverMode.ON else ()

    def on_change(self, changed: Callable[[str, tuple[str, ...]], None]) -> None:
        """Call ``changed`` after DNS changed the addresses of a host."""
        self.resolver.on_change(changed)

    def _by_machine(self, host: str, addresses: tuple[str, ...]) -> Resolution:
        if self.mode is ResolverMode.OBSERVE:
            self._compare(partial(self._check_answer, host, addresses))
        if not addresses:
            msg = f"{host} does not resolve by the resolver of the machine"
            raise TransientError(msg)
        return Resolution(host, addresses, Source.DNS, None)

    def _check_failure(self, host: str) -> None:
        self._take(host, compared((), self._machine(host)))

    def _check_answer(self, host: str, machine: tuple[str, ...]) -> None:
        try:
            ours = self.resolver.addresses(host)
        except ControllerError:
            ours = ()
        self._take(host, compared(ours, machine))

    def _take(self, host: str, result: ComparisonResult) -> None:
        failed = result is ComparisonResult.FAILED
        if failed:
            self._decided_until = float("-inf")
        self._window.add(self._clock.monotonic(), success=not failed)
        with self._lock:
            self._counts[result] += 1
        if self._metrics is not None:
            self._metrics.count(DNS_COMPARISONS, result=result.value)
        if result in {ComparisonResult.FAILED, ComparisonResult.DIFFERED}:
            extra = {"host": host, "result": result.value}
            log.info("the resolver and the machine disagree", extra=extra)

    def _compare(self, work: Callable[[], None]) -> None:
        """Run a comparison in the background, unless many run already."""
        with self._lock:
            if self._running >= _MOST_COMPARISONS:
                return
            self._running += 1

        def run() -> None:
            try:
                work()
            except Exception:
                log.exception("a comparison failed")
            finally:
                with self._lock:
                    self._running -= 1

        try:
            self._spawn(run)
        except RuntimeError:
            with self._lock:
                self._running -= 1


def _in_thread(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="dns comparison", daemon=True).start()
