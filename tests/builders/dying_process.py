"""A process that delivers webhooks and dies at a chosen point."""

import asyncio
from collections import defaultdict
from contextlib import contextmanager, suppress
from datetime import timedelta

from sqlalchemy import update

from controller.core.webhooks.answers import Answered
from controller.core.webhooks.retry_schedule import RetrySchedule
from controller.core.webhooks.target_secrets import TargetSecrets
from controller.engine.dispatcher import Dispatcher, DispatchLimits, WebhookTarget
from controller.engine.signed_requests import SignedRequests
from controller.store.outbox import Outbox
from controller.store.tables import deliveries

SCHEDULE = RetrySchedule.doubling(5, 0.001, spread=0)
TARGET = WebhookTarget("https://hokus.ai/hook", SCHEDULE, timeout=10)


class DiedError(BaseException):
    """The process has died: nothing that runs afterwards has an effect."""


class Receiver:
    """Receiver whose requests are remembered.

    Attributes:
        answers: Statuses of the next requests; 200 after them.
        arrived: Marks of the requests with each event id, in their order: True for a
            possible duplicate.
        bodies: Different bodies by event id.
        accepted: Ids of accepted events.
    """

    def __init__(self):
        self.answers = []
        self.arrived = defaultdict(list)
        self.bodies = defaultdict(set)
        self.accepted = set()

    def answer(self, headers, body):
        """Take one request."""
        id_ = headers["webhook-id"]
        self.arrived[id_].append("X-Hokusai-Possible-Duplicate" in headers)
        self.bodies[id_].add(body)
        status = self.answers.pop(0) if self.answers else 200
        if status == 200:
            self.accepted.add(id_)
        return Answered(status)


class Process:
    """One process: a dispatcher on the store, until it has nothing to do or dies.

    Args:
        database: Store.
        clock: Clock.
        receiver: Receiver of the target ``site``.
        dies: Point at which it dies: ``before`` or ``after`` an operation, or ``in`` for
            the end of its transaction; "" to live.
        secrets_of: Returns the secrets of a target.
        grace: Seconds for attempts in progress to end after a stop.
    """

    def __init__(self, database, clock, receiver, dies="", secrets_of=None, grace=1.0):
        self.receiver = receiver
        self.is_dead = False
        self.hangs = False
        self.stop = asyncio.Event()
        self._dies = dies
        self.outbox = _MortalOutbox(self, database)
        self.dispatcher = Dispatcher(
            self.outbox,
            SignedRequests(self, clock),
            lambda: {"site": TARGET},
            secrets_of or (lambda _: TargetSecrets((b"key",))),
            clock=clock,
            worker="host:1",
            limits=DispatchLimits(poll=0.02, grace=grace),
            on_attempt=self._ended,
        )

    def reach(self, point):
        """Die if ``point`` is the chosen one, or if the process is dead."""
        if self.is_dead or point == self._dies:
            self.is_dead = True
            self._loop.call_soon_threadsafe(self.stop.set)
            raise DiedError(point)

    async def send(self, _url, headers, body, _within, _permitted, _certificate=None):
        """Send one request."""
        self.reach("before send")
        answer = self.receiver.answer(headers, body)
        if self.hangs:
            self.stop.set()
            await asyncio.Event().wait()
        self.reach("after send")
        return answer

    def run(self, until=lambda: False):
        """Deliver until ``until`` is True after an attempt, or the process dies."""
        self._until = until

        async def delivering():
            self._loop = asyncio.get_running_loop()
            async with asyncio.timeout(20):
                await self.dispatcher.run(self.stop)

        with suppress(DiedError):
            asyncio.run(delivering())

    def _ended(self, _delivery, _attempt):
        if self._until():
            self.stop.set()


class _MortalOutbox:
    """Outbox of a process that may die before, in, or after each operation."""

    def __init__(self, process, database):
        self._process = process
        self._outbox = Outbox(database)

    @contextmanager
    def transaction(self):
        self._process.reach("before transaction")
        with self._outbox.transaction():
            yield
            self._process.reach("in transaction")
        self._process.reach("after transaction")

    def finish_all(self, results):
        if results:
            self._process.reach("before finish")
        recorded = self._outbox.finish_all(results)
        if results:
            self._process.reach("in finish")
        return recorded

    def __getattr__(self, name):
        operation = getattr(self._outbox, name)

        def mortal(*arguments, **options):
            self._process.reach(f"before {name}")
            found = operation(*arguments, **options)
            self._process.reach(f"after {name}")
            return found

        return mortal


def expire_claims(database):
    """End every claim, as the time does."""
    with database.writing() as connection:
        past = database.now(connection) - timedelta(hours=1)
        claimed = deliveries.c.claimed_until.is_not(None)
        connection.execute(update(deliveries).where(claimed).values(claimed_until=past))
