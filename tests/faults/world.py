"""A world to fail in: backends, a clock, one document and the controller of it."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from controller.bootstrap import holder
from controller.cli.views.plans import render_plan
from controller.core.errors import ControllerError, SpecError
from controller.emulation.clocks import START, SteppedClock
from controller.engine.leader import LEASE
from controller.engine.reconciler import PassResult
from controller.engine.store_memory import StoreMemory
from controller.spec.document import Document
from controller.store.engine import LONGEST_USE
from controller.store.fallbacks import StoredFallbacks
from controller.store.lease import Leases
from tests.fakes.sim_aws import SimulatedAws
from tests.fakes.sim_controller import Outside, RedriveWish, SimController, Wish
from tests.fakes.sim_faults import Call, Crash, FaultKind
from tests.fakes.sim_mlflow import SimulatedMlflow
from tests.fakes.sim_net import SimulatedDns, SimulatedProbe, SimulatedReceiver
from tests.fakes.sim_store import SimulatedStore
from tests.fakes.sim_wire import DELIVERIES, Wire
from tests.faults.documents import HEADER, parsed

CLUSTER = "hokusai-development"
NAMESPACE = "hokusai-development.local"
CANARY = "canary-7f3a9c-"
INTERVAL = timedelta(seconds=60)
JUMP = timedelta(hours=1)
LEASE_OVER = timedelta(seconds=16)


class SkewedClock:
    """The controller's clock: the world's time, and what it is wrong by."""

    def __init__(self, time: SteppedClock) -> None:
        self.time = time
        self.skew = timedelta()

    def now(self) -> datetime:
        """Return the time the controller believes in."""
        return self.time.now() + self.skew

    def monotonic(self) -> float:
        """Return seconds that no jump changes."""
        return self.time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let the world's time pass."""
        self.time.sleep(seconds)


class _Logged(logging.Handler):
    """Keeps what is logged, as a sink that must not hold secrets."""

    lines: list[str] = []  # noqa: RUF012 - one for the process, emptied by each world

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line with all its fields."""
        self.lines.append(str(record.__dict__))


@cache
def _listening() -> list[str]:
    logger = logging.getLogger("controller")
    logger.addHandler(_Logged())
    logger.setLevel(logging.INFO)
    logger.propagate = False
    return _Logged.lines


@cache
def _store() -> SimulatedStore:
    return SimulatedStore(SteppedClock())


class World:
    """Everything there is, and the passes in it. One at a time in a process.

    Attributes:
        hostile: What another writer does when a plan says so.
        wish: What a person asks for by hand, until it is done.
        logs: Lines that were logged.
        shown: What the command line would have printed.
        raced: Writes made by a leader after its lease had run out.
    """

    def __init__(self) -> None:
        self.time = SteppedClock()
        self.clock = SkewedClock(self.time)
        self.wire = Wire()
        self.store = _store()
        self.store.use(self.wire, self.clock)
        self.aws = SimulatedAws(self.wire, self.time, NAMESPACE)
        self.mlflow = SimulatedMlflow(self.wire, self.time)
        self.dns = SimulatedDns(self.wire, self.aws, StoredFallbacks(self.store))
        self.probe = SimulatedProbe()
        self.receivers: dict[str, SimulatedReceiver] = {}
        self.aws.queues.receivers = self.aws.buses.receivers = self.receivers
        self.environ: dict[str, str] = {}
        self.text = HEADER
        self.misread, self.misread_in = "", 0
        self.logs = _listening()
        self.logs.clear()
        self.shown: set[str] = set()
        self._printed: set[str] = set()
        self.hostile: Callable[[World], None] = lambda _world: None
        self.awaits = timedelta()
        self.wish: Wish | RedriveWish | None = None
        self.controllers = 0
        self.passes = 0
        self.raced: list[str] = []
        self.successor: SimController | None = None
        self.backwards = False
        self.wire.happenings = self._happenings()
        self.wire.watch = self._watch
        self.aws.ecs.simulator.call("CreateCluster", {"clusterName": CLUSTER})
        self.outside = Outside(
            self.wire,
            self.clock,
            self.store,
            self.aws,
            self.mlflow,
            self.dns,
            self.probe,
            self.receivers,
            self.document,
            self.environ,
            self._empty_memory(),
        )
        self.controller: SimController | None = None

    def _empty_memory(self) -> StoreMemory:
        self.wire.aside += 1
        try:
            return StoreMemory(self.store, self.clock)
        finally:
            self.wire.aside -= 1

    def document(self) -> Document:
        """Return what is declared; raises SpecError."""
        text = self.misread if self.misread_in == self.passes else self.text
        found = parsed(text)
        if isinstance(found, SpecError):
            raise SpecError(*found.diagnostics)
        return found

    def intended(self) -> Document:
        """Return what is meant, whatever a pass may read."""
        found = parsed(self.text)
        assert isinstance(found, Document)
        return found

    @property
    def quiet(self) -> bool:
        """Whether no fault is under way or to come."""
        return self.wire.quiet and self.misread_in <= self.passes

    def declare(self, body: str) -> None:
        """Write the document anew."""
        self.text = HEADER + body

    def one_pass(self) -> PassResult | None:
        """Let a minute pass, then do what the program does; None if it broke off."""
        self.minute()
        return self.act()

    def minute(self) -> None:
        """Let time pass until the next pass is due, and rollouts come to an end."""
        self.passes += 1
        self._until_the_minute()
        self.aws.ecs.settle()

    def act(self) -> PassResult | None:
        """Do what the program does when it wakes; None if it broke off."""
        backwards = self.wire.begin_pass()
        result = None
        try:
            controller = self._present_controller()
            if controller.leads:
                self._grant(controller)
                result = controller.reconcile(backwards=backwards)
                controller.deliver()
            else:
                self.controller = None
        except Crash:
            self.controller = None
        except ControllerError as error:
            self.logs.append(f"a pass broke off: {error}")
        if self.successor is not None:
            self.raced += [
                f"{call.operation} with an old token"
                for call in self.wire.late_writes()
            ]
            self.controller, self.successor = self.successor, None
            self.wire.late_from = None
            self.controller.refence()
        return result

    def _grant(self, controller: SimController) -> None:
        """Do what a person asks for, who asks again until it is so."""
        if self.wish is not None and controller.granted(self.wish):
            self.wish = None

    def show(self, result: PassResult) -> None:
        """Print what a person would see of a pass; what repeats itself once."""
        for plan in (result.plan, result.left):
            if plan.verdicts and plan.fingerprint not in self._printed:
                self._printed.add(plan.fingerprint)
                self.shown.add(render_plan(plan, "json", 0))
        messages = (
            condition.message
            for conditions in result.statuses.values()
            for condition in conditions.values()
        )
        self.shown.update(messages)

    def crash(self) -> None:
        """Lose whatever the process remembers."""
        self.controller = None

    def _present_controller(self) -> SimController:
        if self.controller is None:
            self.controller = self._new_controller()
        else:
            self.controller.renew()
            self._reload(self.controller)
        return self.controller

    def _new_controller(self) -> SimController:
        self.controllers += 1
        # Containers with one host name, each with a pid of 1.
        drawn = self.controllers.to_bytes(8)
        worker = holder.holder_name("task", 1, drawn)
        return SimController(self.outside, self.document(), worker)

    def _reload(self, controller: SimController) -> None:
        """Take the document as it is now; keep the last valid one if it is broken."""
        try:
            controller.document = self.document()
        except SpecError:
            return

    def _until_the_minute(self) -> None:
        elapsed = self.time.now() - START
        whole = -(-elapsed // INTERVAL) * INTERVAL
        if whole == elapsed:
            whole += INTERVAL
        self.time.advance(whole - elapsed + self.awaits)
        self.awaits = timedelta()

    def _watch(self, call: Call) -> None:
        """Note what is written without an intent that is begun and not ended.

        A call that was on its way when another leader took over lands after that one
        has closed the intent.
        """
        if call.backend == "store" or call.operation in DELIVERIES:
            return
        if self.successor is not None:
            return
        query = "select 1 from intents where ended is null limit 1"
        if self.store._raw.execute(query).fetchone() is None:
            self.raced.append(f"{call.operation} without an intent")

    def _happenings(self) -> dict[FaultKind, Callable[[], None]]:
        return {
            FaultKind.CLOCK_FORWARD: lambda: self._jump(JUMP),
            FaultKind.CLOCK_BACK: lambda: self._jump(-JUMP),
            FaultKind.PAUSED_LEADER: self._pause,
            FaultKind.SILENT: lambda: self.time.advance(LONGEST_USE),
            FaultKind.EQUAL_NAMES: self._start_twin,
            FaultKind.HOSTILE_EDIT: lambda: self.hostile(self),
            FaultKind.BROKEN_DOCUMENT: lambda: self._misread("services: [\n"),
            FaultKind.EMPTY_DOCUMENT: lambda: self._misread(HEADER),
        }

    def _jump(self, by: timedelta) -> None:
        """Let the controller's clock jump; what is due later by it, it awaits."""
        self.clock.skew += by
        self.awaits += max(-by, timedelta())

    def _misread(self, text: str) -> None:
        """Let the next pass read something else."""
        self.misread, self.misread_in = text, self.passes + 1

    def _pause(self) -> None:
        """Let the leader sleep until another one has taken over and is done."""
        fence = self.store._fence
        self.time.advance(LEASE_OVER)
        other = self._new_controller()
        if not other.leads:
            self.store.fence(fence)
            return
        self._take_over(other, fence)

    def _start_twin(self) -> None:
        """Start a process with the host name and the pid of the leader."""
        fence = self.store._fence
        held = Leases(self.store).current(LEASE)
        other = self._new_controller()
        if other.leads and held is None:
            # A clock was set forward, so that the lease has expired.
            self._take_over(other, fence)
            return
        if other.leads:
            self.raced.append("two processes with one host name lead")
        self.store.fence(fence)

    def _take_over(self, other: SimController, fence: Any) -> None:
        """Let ``other`` lead and finish; the former leader goes on afterwards."""
        for _ in range(3):
            self._until_the_minute()
            self.aws.ecs.settle()
            other.renew()
            other.reconcile()
            other.deliver()
        self.successor = other
        self.store.fence(fence)
        self.wire.late_from = self.wire.index
