"""The long-running controller: passes, deliveries, a lease, and a way to stop.

The main thread is an asyncio loop that delivers webhooks and answers on a small
port; one thread reconciles; another keeps the lease. SIGTERM ends all of them
within half a minute, a second signal at once. SIGHUP asks for a pass now.
"""

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from controller.api.probes import ProcessState, probes_app, serving
from controller.app.document_watch import DocumentWatch
from controller.app.reconcile_pass import ReconcilePasses
from controller.app.session import Session, read
from controller.bootstrap.controller import Controller
from controller.bootstrap.deliveries import dispatcher_for
from controller.bootstrap.drivers import Options
from controller.bootstrap.store import Store, open_store
from controller.clients.clock import SystemClock
from controller.clients.webhook import Sender
from controller.engine.dispatcher import Dispatcher
from controller.engine.event_queue import EventQueue
from controller.engine.leader import Leader, process_name
from controller.engine.loop import ReconcileLoop
from controller.engine.scheduler import WakeUpTimer
from controller.store.lease import Leases
from controller.telemetry.logs import KnownSecrets, configure_logging
from controller.telemetry.metrics import Metrics

log = logging.getLogger(__name__)

# Each logs every request or every tick.
_TALKATIVE = ("httpx", "apscheduler")
_WATCH = timedelta(seconds=1)
_AFTER_ERROR = timedelta(seconds=5)
_GRACE_SECONDS = 25.0


def run(file: Path, chosen: str | None, state: Path | None = None) -> None:
    """Run until SIGTERM or SIGINT.

    Raises:
        SpecError: the document is not valid at the start; later, the last valid
            one stays in force.
        RefusedError: wrong account, or a store we cannot work with.
    """
    context = read(file, chosen, state)
    configure_logging(None, KnownSecrets(), context.settings.log_level)
    for library in _TALKATIVE:
        logging.getLogger(library).setLevel(logging.WARNING)
    clock = SystemClock()
    stored = open_store(context.settings, clock, upgrade=True)
    try:
        watch = DocumentWatch(file, chosen, context.document, state)
        asyncio.run(_Process(watch, context, stored).main())
    finally:
        stored.database.close()


class _Process:
    """Everything that runs between the first and the last line of ``run``."""

    def __init__(self, watch: DocumentWatch, context: Session, stored: Store) -> None:
        self._context = context
        self._stored = stored
        self._clock = SystemClock()
        self._asked_to_stop = threading.Event()
        self._stopped = threading.Event()
        self._metrics = Metrics()
        self._dispatching: Dispatcher | None = None
        self._watch = watch
        self._leader = Leader(Leases(stored.database), process_name(), self._clock)

    async def main(self) -> None:
        """Wait for the lease, start every part, and stop every part at the end."""
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        self._on_signals(loop, stop)
        passes = ReconcilePasses(self._watch, self._stored, self._metrics, self._clock)
        alarm = WakeUpTimer(self._clock)
        turns = ReconcileLoop(passes.run, alarm, _AFTER_ERROR)

        def asked() -> None:
            passes.demand()
            turns.wake()

        loop.add_signal_handler(signal.SIGHUP, asked)
        port = asyncio.create_task(self._serve(passes, asked, stop))
        if await asyncio.to_thread(self._leader.wait, self._asked_to_stop):
            await self._lead(passes, turns, alarm, stop, asked)
        alarm.stop()
        stop.set()
        await port
        log.info("controller stopped")

    async def _lead(
        self,
        passes: ReconcilePasses,
        turns: ReconcileLoop,
        alarm: WakeUpTimer,
        stop: asyncio.Event,
        asked: Callable[[], None],
    ) -> None:
        """Reconcile and deliver, until ``stop`` is set or the lease is lost."""
        self._stored.memory.take_over()
        controller = self._controller()
        passes.use(controller)
        async with Sender(controller.clock) as sender:
            self._dispatching = dispatcher_for(
                controller, self._context.settings, self._stored, sender, turns.wake
            )
            alarm.every(_WATCH, lambda: passes.ask(turns.wake))
            loop = asyncio.get_running_loop()
            keeper = _thread("lease", lambda: self._keep(loop, stop))
            worker = _thread("reconcile", turns.run)
            self._listen(controller, asked)
            await self._dispatching.run(stop)
        turns.stop()
        await asyncio.to_thread(worker.join, _GRACE_SECONDS)
        self._stopped.set()
        await asyncio.to_thread(keeper.join, _GRACE_SECONDS)
        self._leader.release()
        controller.close()

    def _listen(self, controller: Controller, asked: Callable[[], None]) -> None:
        """Listen for news of ECS in a thread of its own, if there is a queue."""
        platform = self._context.document.platform
        queue = self._context.settings.events_queue or platform.events
        if queue:
            listener = EventQueue(
                controller.aws, queue, platform.cluster, asked, self._metrics
            )
            # Its end is not awaited: a poll takes a while and leaves nothing.
            _thread("events", lambda: listener.run(self._asked_to_stop))

    def _controller(self) -> Controller:
        wishes = Options(announced=self._announced, permitted=self._leader.is_leader)
        return Controller(
            self._context.document,
            self._context.settings,
            self._context.environ,
            self._context.kinds,
            stored=self._stored,
            wishes=wishes,
        )

    async def _serve(
        self, passes: ReconcilePasses, asked: Callable[[], None], stop: asyncio.Event
    ) -> None:
        """Answer on the small port; a port that is taken is told, and done without."""
        settings = self._context.settings
        key = settings.api_key.reveal() if settings.api_key else None
        probed = ProcessState(
            last_pass=lambda: passes.last,
            interval=lambda: self._watch.current().platform.interval,
            leading=self._leader.is_leader,
            metrics=lambda: self._metrics.text().decode(),
            wake=asked,
            key=key,
        )
        app = probes_app(probed, self._clock)
        try:
            await serving(app, settings.probe_host, settings.probe_port, stop)
        except OSError as error:
            log.warning("no probe port", extra={"error": str(error)})

    def _on_signals(self, loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
        def asked() -> None:
            if self._asked_to_stop.is_set():
                os._exit(130)
            log.info("controller stopping")
            self._asked_to_stop.set()
            stop.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, asked)

    def _keep(self, loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
        def lost() -> None:
            loop.call_soon_threadsafe(stop.set)

        self._leader.keep(self._stopped, lost)

    def _announced(self) -> None:
        """Deliver at once what a pass has just announced."""
        if self._dispatching is not None:
            self._dispatching.wake()


def _thread(name: str, work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    return thread
