"""The long-running controller: passes, deliveries, a lease, and a way to stop.

The main thread is an asyncio loop that delivers webhooks; one thread reconciles;
another keeps the lease. SIGTERM ends all of them within half a minute, a second
signal at once.
"""

import asyncio
import logging
import os
import signal
import threading
from datetime import timedelta
from pathlib import Path

from controller.bootstrap.command import Context, read
from controller.bootstrap.controller import Controller
from controller.bootstrap.deliveries import dispatcher_for
from controller.bootstrap.drivers import Wishes
from controller.bootstrap.stored import Stored, open_store
from controller.clients.clock import SystemClock
from controller.clients.webhook import Sender
from controller.core.errors import ControllerError
from controller.engine.dispatcher import Dispatcher
from controller.engine.leader import Leader, process_name
from controller.engine.loop import ReconcileLoop
from controller.engine.scheduler import Alarm
from controller.store.heartbeat import HEART, Heartbeats
from controller.store.lease import Leases
from controller.telemetry.logs import KnownSecrets, log_to

log = logging.getLogger(__name__)

# Each tells of every request, or of every tick.
_TALKATIVE = ("httpx", "apscheduler")
_WATCH = timedelta(seconds=1)
_AFTER_ERROR = timedelta(seconds=5)
_GRACE_SECONDS = 25.0


def run(file: Path, chosen: str | None) -> None:
    """Run until SIGTERM or SIGINT.

    Raises:
        SpecError: the document is not valid at the start; later, the last valid
            one stays in force.
        RefusedError: wrong account, or a store we cannot work with.
    """
    context = read(file, chosen)
    log_to(None, KnownSecrets(), context.settings.log_level)
    for library in _TALKATIVE:
        logging.getLogger(library).setLevel(logging.WARNING)
    clock = SystemClock()
    stored = open_store(context.settings, clock, upgrade=True)
    try:
        asyncio.run(_Process(file, chosen, context, stored).main())
    finally:
        stored.database.close()


class _Process:
    """Everything that runs between the first and the last line of ``run``."""

    def __init__(
        self, file: Path, chosen: str | None, context: Context, stored: Stored
    ) -> None:
        self._file = file
        self._chosen = chosen
        self._context = context
        self._stored = stored
        self._asked_to_stop = threading.Event()
        self._stopped = threading.Event()
        self._broken = ""
        self._dispatching: Dispatcher | None = None
        self._heart = Heartbeats(stored.database)
        self._leader = Leader(Leases(stored.database), process_name())

    async def main(self) -> None:
        """Start every part, wait for the end, and stop every part."""
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        self._on_signals(loop, stop)
        if not await asyncio.to_thread(self._leader.wait, self._asked_to_stop):
            return
        controller = Controller(
            self._context.document,
            self._context.settings,
            self._context.environ,
            self._context.kinds,
            stored=self._stored,
            wishes=Wishes(announced=self._announced),
        )
        alarm = Alarm(controller.clock)
        passes = ReconcileLoop(lambda: self._pass(controller), alarm, _AFTER_ERROR)
        async with Sender(controller.clock) as sender:
            dispatcher = dispatcher_for(
                controller, self._context.settings, self._stored, sender, passes.wake
            )
            self._dispatching = dispatcher
            alarm.every(_WATCH, lambda: self._watch(passes))
            keeper = self._thread("lease", self._keep, loop, stop)
            worker = self._thread("reconcile", passes.run)
            await dispatcher.run(stop)
        passes.stop()
        alarm.stop()
        await asyncio.to_thread(worker.join, _GRACE_SECONDS)
        self._stopped.set()
        await asyncio.to_thread(keeper.join, _GRACE_SECONDS)
        self._leader.release()
        controller.close()
        log.info("controller stopped")

    def _on_signals(self, loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
        def asked() -> None:
            if stop.is_set():
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

    def _thread(self, name: str, work: object, *args: object) -> threading.Thread:
        thread = threading.Thread(target=work, args=args, name=name, daemon=True)  # type: ignore[arg-type]
        thread.start()
        return thread

    def _pass(self, controller: Controller) -> timedelta:
        """Do one pass on the document as it is now."""
        self._reload(controller)
        result = controller.reconcile(controller.desired())
        self._heart.beat(HEART, process_name())
        return result.next_in

    def _reload(self, controller: Controller) -> None:
        """Take the document as it is now; keep the last valid one if it is broken."""
        try:
            document = read(self._file, self._chosen).document
        except (ControllerError, OSError) as error:
            self._tell_broken(str(error))
            return
        self._broken = ""
        if document.digest != controller.document.digest:
            log.info("document changed", extra={"digest": document.digest})
            controller.document = document

    def _tell_broken(self, problem: str) -> None:
        """Say once what is wrong with the document."""
        if problem != self._broken:
            log.error("document not valid", extra={"problem": problem})
            self._broken = problem

    def _announced(self) -> None:
        """Deliver at once what a pass has just announced."""
        if self._dispatching is not None:
            self._dispatching.wake()

    def _watch(self, passes: ReconcileLoop) -> None:
        """Ask for a pass when the document reads differently than it did."""
        try:
            document = read(self._file, self._chosen).document
        except (ControllerError, OSError) as error:
            self._tell_broken(str(error))
            return
        if document.digest != self._context.document.digest:
            self._context = Context(
                document,
                self._context.settings,
                self._context.environ,
                self._context.kinds,
            )
            passes.wake()
