"""The long-running controller: wait for the store and the lease, lead, and go back.

The main thread is an asyncio loop that delivers webhooks and serves the probe port. A
store that is away, or a lease that is lost, ends a term of leadership and not the
process. SIGTERM ends the process within 30 seconds, a second signal at once. SIGHUP
requests a pass.
"""

import asyncio
import logging
import signal
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from pathlib import Path

from controller.api.hints import HintReceiver
from controller.api.probes import ProcessState, probes_app, serving
from controller.app.document_watch import DocumentWatch
from controller.app.leadership import LeadershipTerm, ProcessParts, follow
from controller.app.replica_deliveries import ReplicaDeliveries
from controller.app.session import Session, read
from controller.app.shutdown import Shutdown
from controller.app.threads import in_thread, unless
from controller.bootstrap.hint_secret import HintSecret
from controller.bootstrap.holder import holder_id
from controller.bootstrap.store import Store, open_store
from controller.clients.clock import SystemClock
from controller.core.clock import Clock
from controller.core.errors import DriverError, StoreUnavailableError
from controller.engine.activity import stuck_reason
from controller.engine.leader import TTL, Leader
from controller.store.lease import LeaseHeld, Leases
from controller.store.outage import StoreOutage
from controller.store.triggers import Triggers
from controller.telemetry.logs import KnownSecrets, configure_logging
from controller.telemetry.metrics import STORE_OUTAGES, Metrics

log = logging.getLogger(__name__)

# Least levels of libraries that log every request or every tick. APScheduler warns of
# each tick that it skips while the last one runs, which is meant: ticks are not queued.
_LEVELS = {"httpx": logging.WARNING, "apscheduler": logging.ERROR}
# Between two attempts to open the store, or to begin a term.
_RETRY = timedelta(seconds=2)
# After a lease was lost by a stall, so that a standby can acquire it.
_YIELD = TTL * 2
# Reason of a request for a pass after a hint.
HINT_REASON = "hint of MLflow"


def run(file: Path, chosen: str | None, state: Path | None = None) -> None:
    """Run until SIGTERM or SIGINT.

    Raises:
        SpecError: The document is not valid at the start. Later, the last valid one
            stays in force.
        RefusedError: The credentials belong to another account, or the store has a
            schema or a file that cannot be used.
    """
    context = read(file, chosen, state)
    configure_logging(None, KnownSecrets(), context.settings.log_level)
    quiet_libraries()
    watch = DocumentWatch(file, chosen, context.document, state)
    asyncio.run(_Supervisor(watch, context, SystemClock()).main())


def quiet_libraries() -> None:
    """Keep the logs of libraries to what a user can act on. Safe to repeat."""
    for library, level in _LEVELS.items():
        logging.getLogger(library).setLevel(level)


class _Supervisor:
    """Process that leads again and again; see the module."""

    def __init__(self, watch: DocumentWatch, context: Session, clock: Clock) -> None:
        self._shutdown = Shutdown()
        self._stop = asyncio.Event()
        self._metrics = Metrics()
        self._outage = StoreOutage(clock, lambda: self._metrics.count(STORE_OUTAGES))
        self._process = ProcessParts(context, watch, self._metrics, clock, count(1))
        self._waits_for = "starting"
        self._opened = False
        self._stored: Store | None = None
        self._hint_secret = HintSecret(context.settings, context.environ, clock)
        self._leader: Leader | None = None
        self._term: LeadershipTerm | None = None

    async def main(self) -> None:
        """Lead whenever the store and the lease allow it, until a stop."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._begin_stop)
        loop.add_signal_handler(signal.SIGHUP, self._demand)
        port = asyncio.create_task(self._serve())
        try:
            while not self._stop.is_set():
                await self._campaign()
        finally:
            self._stop.set()
            await port
        log.info("controller stopped")

    async def _campaign(self) -> None:
        """Open the store, wait for the lease, and lead until it is lost."""
        stored = await self._open()
        if stored is None:
            return
        self._stored = stored
        process, over = self._process, asyncio.Event()
        deliveries = ReplicaDeliveries(
            process.context,
            process.watch,
            stored,
            process.metrics,
            process.clock,
            self._tag,
        )
        delivering = asyncio.create_task(deliveries.run(over))
        # Its unexpected end is an error of the process, raised below.
        delivering.add_done_callback(lambda _task: over.set())
        following = asyncio.create_task(follow(self._stop, over))
        try:
            await self._elect(stored, over, deliveries.wake)
        except DriverError as error:
            await self._retry_later("not leading", error)
        finally:
            self._leader = self._term = self._stored = None
            following.cancel()
            over.set()
            await delivering
            stored.database.close()

    async def _elect(
        self, stored: Store, over: asyncio.Event, announced: Callable[[], None]
    ) -> None:
        """Wait for the lease and lead, until it is lost or ``over`` is set."""
        leader = Leader(Leases(stored.database), holder_id(), self._process.clock)
        self._leader = leader
        self._waits_for = "waiting for the lease"
        election = in_thread(
            "election", lambda: leader.wait(self._shutdown.asked, self._refused)
        )
        if not await unless(over, election):
            return
        term = self._term = LeadershipTerm(self._process, stored, leader, announced)
        lost = await term.run(over)
        if lost:
            self._waits_for = f"lost the lease: {lost}"
            if term.stalled:
                await self._pause(_YIELD)

    async def _open(self) -> Store | None:
        """Return the store once it answers; None after a stop.

        An error that will not pass ends the process only at its start.
        """

        def opened() -> Store:
            settings, clock = self._process.context.settings, self._process.clock
            return open_store(settings, clock, upgrade=True, outage=self._outage)

        while not self._stop.is_set():
            try:
                stored = await unless(
                    self._stop, in_thread("opening of the store", opened)
                )
            except StoreUnavailableError as error:
                await self._retry_later("waiting for the store", error)
            except DriverError as error:
                if not self._opened:
                    raise
                await self._retry_later("waiting for the store", error)
            else:
                self._opened = True
                return stored
        return None

    async def _retry_later(self, state: str, error: DriverError) -> None:
        reason = f"{state}: {error}"
        if not isinstance(error, StoreUnavailableError) and reason != self._waits_for:
            log.warning("not leading", extra={"error": str(error)})
        self._waits_for = reason
        await self._pause(_RETRY)

    async def _pause(self, pause: timedelta) -> None:
        """Wait for ``pause``, or until a stop."""
        try:
            async with asyncio.timeout(pause.total_seconds()):
                await self._stop.wait()
        except TimeoutError:
            return

    def _refused(self, held: LeaseHeld) -> None:
        self._waits_for = f"waiting for the lease: {held.holder} holds it"

    async def _serve(self) -> None:
        """Serve the probe port; log a warning if it is in use."""
        settings = self._process.context.settings
        key = settings.api_key.reveal() if settings.api_key else None
        probed = ProcessState(
            stuck=self._stuck,
            waits_for=self._not_ready,
            metrics=lambda: self._metrics.text().decode(),
            wake=self._demand,
            key=key,
            hints=HintReceiver(
                self._hint_secrets,
                self._accept_hint,
                self._process.clock,
                self._metrics,
            ),
        )
        try:
            await serving(
                probes_app(probed), settings.probe_host, settings.probe_port, self._stop
            )
        except OSError as error:
            log.warning("no probe port", extra={"error": str(error)})

    def _stuck(self) -> str:
        """Return the reason if a thread has not come back, or nothing."""
        leader, term = self._leader, self._term
        if leader is None:
            return ""
        interval = self._process.context.document.platform.interval
        renewal = "the store has not answered a renewal"
        if reason := stuck_reason(renewal, leader.activity.duration(), interval):
            return reason
        return "" if term is None else term.stuck()

    def _not_ready(self) -> str:
        leader = self._leader
        if leader is not None and leader.is_leader():
            return self._outage.reason()
        return self._waits_for

    def _demand(self) -> None:
        """Request a pass; the first pass of a later term observes everything anyway."""
        if self._term is not None:
            self._term.demand()

    def _tag(self) -> None:
        """Let the leader tag what a target has just accepted."""
        if self._term is not None:
            self._term.wake()

    async def _hint_secrets(self, again: bool) -> tuple[str, ...] | None:
        """Return the secrets of hints; None if no hint is declared."""
        return await in_thread(
            "secret of the hint",
            lambda: self._hint_secret.values(
                self._process.watch.current(), again=again
            ),
        )

    async def _accept_hint(self) -> None:
        """Request a pass of this process, or of the one that leads.

        Raises:
            StoreUnavailableError: The store does not answer, and this process does not
                lead.
        """
        leader, stored, term = self._leader, self._stored, self._term
        if leader is not None and leader.is_leader():
            # Without a term yet, its first pass observes everything.
            if term is not None:
                term.demand_registrations()
            return
        if stored is None:
            msg = f"the hint cannot be passed on: {self._waits_for}"
            raise StoreUnavailableError(msg)
        triggers, now = Triggers(stored.database), self._process.clock.now()
        await in_thread("hint", lambda: triggers.ask(HINT_REASON, now))

    def _begin_stop(self) -> None:
        self._shutdown.begin()
        self._stop.set()
