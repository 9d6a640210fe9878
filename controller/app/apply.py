"""A controller that acts once, with the lease, from a command."""

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta

from controller.app.actual_cost import ActualCost
from controller.app.session import Session
from controller.app.user import person
from controller.bootstrap.controller import Controller
from controller.bootstrap.deliveries import (
    DeclaredTargets,
    RecentRotations,
    delivery_aws,
    delivery_sender,
    dispatcher_for,
    queue_dispatcher,
)
from controller.bootstrap.drivers import Options
from controller.bootstrap.holder import holder_id
from controller.bootstrap.names import declared_fallbacks
from controller.bootstrap.store import Store, open_store
from controller.clients.clock import SystemClock
from controller.clients.redis_queue import RedisQueue
from controller.core.audit.entry import command_entry
from controller.core.document.resource import ResourceId
from controller.core.errors import LeaseHeldError
from controller.core.planning.planner import DesiredState
from controller.core.planning.scope import Scope
from controller.core.resources.driver import Skipped
from controller.core.values.utc_text import utc_text
from controller.engine.dispatcher import Dispatcher, run_all
from controller.engine.leader import Leader
from controller.engine.reconciler import PassResult
from controller.store.audit_log import AuditLog
from controller.store.lease import Leases

LONGEST_PAUSE = timedelta(seconds=2)
_SHORTEST_PAUSE = timedelta(seconds=0.1)


class ApplySession:
    """Session of an ``apply`` that holds the lease.

    Attributes:
        controller: Looks and acts.
        tally: Cost so far.
    """

    def __init__(
        self, controller: Controller, audit: AuditLog, stopping: threading.Event
    ) -> None:
        self.controller = controller
        self.tally = ActualCost(controller.spent)
        self._audit = audit
        self._acted = False
        self._stopping = stopping

    def until_settled(
        self,
        desired: DesiredState,
        scope: Scope,
        timeout: float,
        told: Callable[[PassResult, float], None],
    ) -> PassResult:
        """Do passes until nothing is under way any more, or time is up.

        Args:
            desired: What is declared, as far as it matters.
            scope: What of it may be done.
            timeout: Seconds after which to stop waiting.
            told: Callback after each pass, with the seconds since the start.
        """
        clock = self.controller.clock
        began = clock.monotonic()
        while True:
            started = clock.monotonic()
            result = self.controller.reconcile(desired, scope)
            now = clock.monotonic()
            elapsed = now - began
            self.tally.note(result, elapsed)
            self._acted = self._acted or _acted(result)
            told(result, elapsed)
            if result.settled or elapsed >= timeout:
                return result
            pause = pause_of(result.next_in, timedelta(seconds=now - started))
            clock.sleep(min(pause.total_seconds(), timeout - elapsed))

    def record_end(self, targets: Iterable[ResourceId], outcome: str) -> None:
        """Append the row of the command to the audit log, if an action was executed.

        Raises:
            DriverError: the row could not be written.
        """
        if self._acted:
            source = self.controller.audit_source()
            self._audit.append(command_entry(source, "apply", targets, outcome))

    def stop(self) -> None:
        """Begin nothing further. What is under way is brought to its end."""
        self._stopping.set()


def _acted(result: PassResult) -> bool:
    return any(not isinstance(one, Skipped) for one in result.outcomes.values())


def pause_of(next_in: timedelta, took: timedelta) -> timedelta:
    """Return how long to wait for the next pass, while a person does too.

    A slow pass is usually a throttled one, so fewer reads make it faster: then
    the pause is as long as ``run`` makes it. What ``took`` counts is the last pass.
    """
    return max(_SHORTEST_PAUSE, min(next_in, max(LONGEST_PAUSE, took)))


@contextmanager
def applying(context: Session, *, largest_backlog: int) -> Iterator[ApplySession]:
    """Yield a controller that holds the lease, with deliveries under way.

    Raises:
        LeaseHeldError: another controller holds the lease; the message names them.
    """
    clock = SystemClock()
    with ExitStack() as closing:
        stored = open_store(context.settings, clock, upgrade=True)
        closing.callback(stored.database.close)
        leader = Leader(Leases(stored.database), holder_id(), clock)
        held = leader.take()
        if held is not None:
            msg = (
                f"{held.holder} holds the lease until {utc_text(held.expires)}: "
                "it applies the document by itself; stop it first to apply by hand"
            )
            raise LeaseHeldError(msg)
        closing.callback(leader.release)
        stored.memory.take_over()
        deliveries = DeliveryBacklog()
        stopping = threading.Event()
        wishes = Options(
            deliveries.wake,
            largest_backlog,
            permitted=lambda: leader.is_leader() and not stopping.is_set(),
            actor=person(),
        )
        controller = Controller(
            context.document,
            context.settings,
            context.environ,
            context.kinds,
            stored=stored,
            wishes=wishes,
        )
        closing.callback(controller.close)
        closing.enter_context(_kept(leader))
        closing.enter_context(deliveries.running(controller, context, stored))
        yield ApplySession(controller, AuditLog(stored.database), stopping)


@contextmanager
def _kept(leader: Leader) -> Iterator[None]:
    """Renew the lease in a thread of its own."""
    stopping = threading.Event()
    thread = threading.Thread(
        target=leader.keep, args=(stopping, lambda _reason: None), daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


class DeliveryBacklog:
    """Delivers webhooks in a thread of its own while a command is at work."""

    def __init__(self) -> None:
        self._dispatchers: tuple[Dispatcher, ...] = ()

    def wake(self) -> None:
        """Deliver at once what was just announced."""
        for dispatcher in self._dispatchers:
            dispatcher.wake()

    @contextmanager
    def running(
        self, controller: Controller, context: Session, stored: Store
    ) -> Iterator[None]:
        """Deliver until the block ends, and what is under way until it is done."""
        ended = threading.Event()

        def work() -> None:
            asyncio.run(self._deliver(controller, context, stored, ended))

        thread = threading.Thread(target=work, name="deliveries", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    async def _deliver(
        self,
        controller: Controller,
        context: Session,
        stored: Store,
        ended: threading.Event,
    ) -> None:
        stop = asyncio.Event()
        async with (
            delivery_sender(
                context.settings,
                stored,
                controller.clock,
                declared=declared_fallbacks(
                    context.document, context.settings, context.environ
                ),
            ) as sender,
            RedisQueue() as queue,
        ):
            declared = DeclaredTargets(
                lambda: controller.document,
                controller.secrets.value,
                context.settings,
                RecentRotations(stored.rotations, controller.clock).all,
                controller.clock,
            )
            shared, clock = (context.settings, stored), controller.clock
            aws = delivery_aws(
                lambda: controller.document, context.settings, context.environ, clock
            )
            self._dispatchers = (
                dispatcher_for(declared, *shared, sender, clock, aws=aws),
                queue_dispatcher(declared, *shared, queue, clock),
            )
            waiting = asyncio.create_task(asyncio.to_thread(ended.wait))
            waiting.add_done_callback(lambda _: stop.set())
            await run_all(self._dispatchers, stop)
