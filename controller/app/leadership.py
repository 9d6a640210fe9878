"""One term of leadership: from the acquired lease until it is lost or given back.

A thread reconciles, a second one renews the lease, a third one listens for ECS events, and
a fourth one polls MLflow.
"""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from controller.app.document_watch import DocumentWatch
from controller.app.reconcile_pass import REGISTRATION_KINDS, ReconcilePasses
from controller.app.session import Session
from controller.app.threads import in_thread, started_thread, unless
from controller.bootstrap.controller import Controller
from controller.bootstrap.drivers import Options
from controller.bootstrap.holder import holder_id
from controller.bootstrap.store import Store
from controller.core.clock import Clock
from controller.engine.activity import Activity, stuck_reason
from controller.engine.event_queue import EventQueue
from controller.engine.leader import Leader
from controller.engine.loop import ReconcileLoop
from controller.engine.registration_poll import RegistrationPoll
from controller.engine.scheduler import WakeUpTimer
from controller.settings import Settings
from controller.spec.document import Document
from controller.store.retention import HistoryAges
from controller.telemetry.metrics import Metrics

log = logging.getLogger(__name__)

_WATCH = timedelta(seconds=1)
_AFTER_ERROR = timedelta(seconds=5)


@dataclass(frozen=True)
class ProcessParts:
    """Parts that all terms of one process share.

    Attributes:
        context: Document, settings and environment at the start.
        watch: Current document.
        metrics: Metrics.
        clock: Clock.
        numbers: Numbers of the passes.
    """

    context: Session
    watch: DocumentWatch
    metrics: Metrics
    clock: Clock
    numbers: Iterator[int]


class LeadershipTerm:
    """One term of leadership; ``run`` it once.

    Attributes:
        stalled: Reason why the lease was given up; empty if it was not.

    Args:
        process: Parts that outlive the term.
        stored: Store with the lease.
        leader: Holder of the lease; it has just acquired it.
        announced: Called when a pass has put new deliveries into the outbox.
    """

    def __init__(
        self,
        process: ProcessParts,
        stored: Store,
        leader: Leader,
        announced: Callable[[], None],
    ) -> None:
        self._process = process
        self._stored = stored
        self._leader = leader
        self._announced = announced
        self.stalled = ""
        self._lost = ""
        self._starting = Activity(process.clock)
        self._over = threading.Event()
        self._passes: ReconcilePasses | None = None
        self._loop: ReconcileLoop | None = None

    def demand(self) -> None:
        """Request a pass that observes everything. Any thread may call this."""
        if self._passes is not None:
            self._passes.demand()
        self.wake()

    def wake(self) -> None:
        """Run the next pass now. Any thread may call this."""
        if self._loop is not None:
            self._loop.wake()

    def demand_registrations(self) -> None:
        """Request a pass that observes models and webhooks. Any thread may call this."""
        if self._passes is not None:
            self._passes.demand_registrations()
        if self._loop is not None:
            self._loop.wake()

    def stuck(self) -> str:
        """Return the reason if a thread of the term has not come back, or nothing."""
        return self._start_stuck() if self._passes is None else self._passes.stuck()

    async def run(self, stop: asyncio.Event) -> str:
        """Reconcile until ``stop`` is set or the lease is lost.

        Everything stops side by side; the pass in progress comes to its end.

        Returns:
            Reason of the loss; nothing after a stop.

        Raises:
            RefusedError: The credentials belong to another account.
            DriverError: A backend does not answer at the start of the term.
        """
        ending = asyncio.Event()
        loop = asyncio.get_running_loop()
        following = asyncio.create_task(follow(stop, ending))
        keeper = started_thread("lease", lambda: self._keep(loop, ending))
        try:
            controller = await unless(
                ending, in_thread("start of the term", self._prepare)
            )
            if controller is not None:
                await self._work(controller, ending)
                # Its threads may wait for a backend that does not answer.
                started_thread("end of the term", controller.close)
        finally:
            following.cancel()
            self._over.set()
            await in_thread("end of the lease", keeper.join)
            if not self._lost:
                await in_thread("release", self._leader.release)
        return self._lost

    def _prepare(self) -> Controller:
        with self._starting.working():
            self._stored.memory.take_over()
            return self._controller()

    async def _work(self, controller: Controller, ending: asyncio.Event) -> None:
        process, stored = self._process, self._stored
        passes = self._passes = ReconcilePasses(
            controller,
            process.watch,
            stored,
            holder_id(),
            process.numbers,
            _ages(process.context.settings),
            process.metrics,
            process.clock,
        )
        alarm = WakeUpTimer(process.clock)
        turns = self._loop = ReconcileLoop(passes.run, alarm, _AFTER_ERROR)
        try:
            alarm.every(_WATCH, lambda: passes.ask(turns.wake))
            worker = started_thread("reconcile", turns.run)
            self._listen(controller)
            self._poll(controller)
            await ending.wait()
            turns.stop()
            await in_thread("last pass", worker.join)
        finally:
            turns.stop()
            alarm.stop()

    def _listen(self, controller: Controller) -> None:
        """Listen for ECS events in a thread, if there is a queue."""
        process = self._process
        platform = controller.document.platform
        queue = process.context.settings.events_queue or platform.events
        if queue:
            listener = EventQueue(
                controller.aws, queue, platform.cluster, self.demand, process.metrics
            )
            # Its end is not awaited: a poll takes a while and leaves nothing.
            started_thread("events", lambda: listener.run(self._over))

    def _poll(self, controller: Controller) -> None:
        """Poll recent registrations in a thread, if there is an MLflow."""
        if controller.mlflow is None:
            return
        poll = RegistrationPoll(
            controller.mlflow.recent_versions,
            lambda: poll_interval(self._process.watch.current()),
            self.demand_registrations,
        )
        # Its end is not awaited: a request may take a while and leaves nothing.
        started_thread("registrations", lambda: poll.run(self._over))

    def _controller(self) -> Controller:
        context = self._process.context
        return Controller(
            self._process.watch.current(),
            context.settings,
            context.environ,
            context.kinds,
            stored=self._stored,
            wishes=Options(
                announced=self._announced,
                permitted=self._leader.is_leader,
                resident=True,
                metrics=self._process.metrics,
            ),
        )

    def _keep(self, loop: asyncio.AbstractEventLoop, ending: asyncio.Event) -> None:
        def lost(reason: str) -> None:
            self._lost = reason
            # The loop may have ended with the process.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(ending.set)

        self._leader.keep(self._over, lost, self._stalled)

    def _stalled(self) -> str:
        passes = self._passes
        self.stalled = self._start_stuck() if passes is None else passes.stalled()
        return self.stalled

    def _start_stuck(self) -> str:
        """Return the reason if the start of the term takes too long, or nothing."""
        interval = self._process.context.document.platform.interval
        duration = self._starting.duration()
        return stuck_reason("the start has not ended", duration, interval)


def poll_interval(document: Document) -> timedelta | None:
    """Return the time between two polls of MLflow; None if no poll is of use.

    A poll is of use between full observations, for a document with models or webhooks.
    """
    platform, declared = document.platform, {id_.kind for id_ in document.resources}
    intervals = dict(platform.intervals)
    full = [
        intervals.get(kind, platform.interval) for kind in declared & REGISTRATION_KINDS
    ]
    return platform.mlflow_poll if full and platform.mlflow_poll < max(full) else None


async def follow(stop: asyncio.Event, ending: asyncio.Event) -> None:
    """Set ``ending`` once ``stop`` is set."""
    await stop.wait()
    ending.set()


def _ages(settings: Settings) -> HistoryAges:
    return HistoryAges(
        timedelta(days=settings.history_days), timedelta(days=settings.dead_days)
    )
