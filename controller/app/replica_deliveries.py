"""Webhook deliveries of one process, with or without the lease.

Deliveries are claimed one by one in the store, so any number of processes can deliver.
Only the leader tags the versions that a target accepted.
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from controller.app.document_watch import DocumentWatch
from controller.app.session import Session
from controller.bootstrap.aws import DeferredAws, aws_client
from controller.bootstrap.deliveries import (
    DeclaredTargets,
    delivery_sender,
    dispatcher_for,
    queue_dispatcher,
)
from controller.bootstrap.store import Store
from controller.clients.redis_queue import RedisQueue
from controller.clients.secrets import Secrets
from controller.core.clock import Clock
from controller.core.webhooks.answers import Answer, Answered, Unanswered
from controller.core.webhooks.delivery import Dead, Delivered, NextStep
from controller.engine.dispatcher import Dispatcher, EndedAttempt, run_all
from controller.spec.document import Document
from controller.store.attempts import OutboxDelivery
from controller.telemetry.metrics import (
    DELIVERIES,
    QUEUE_MESSAGES,
    WEBHOOK_ANSWERS,
    WEBHOOK_ATTEMPT_SECONDS,
    WEBHOOK_LOST_CLAIMS,
    WEBHOOK_POSSIBLE_DUPLICATES,
    WEBHOOK_UNKNOWN_OUTCOMES,
    Metrics,
)

# Between two reads of the document for its targets.
_REREAD = timedelta(seconds=1)


class ReplicaDeliveries:
    """Deliveries from one opened store; ``run`` it once.

    Args:
        context: Settings and environment of the process.
        watch: Current document.
        stored: Store with the outbox.
        metrics: Counts the attempts.
        clock: Clock.
        told: Called after each attempt, for a pass to tag what was accepted.
    """

    def __init__(
        self,
        context: Session,
        watch: DocumentWatch,
        stored: Store,
        metrics: Metrics,
        clock: Clock,
        told: Callable[[], None],
    ) -> None:
        self._context = context
        self._watch = watch
        self._stored = stored
        self._metrics = metrics
        self._clock = clock
        self._told = told
        self._document = context.document
        self._reread_at = 0.0
        self._dispatchers: tuple[Dispatcher, ...] = ()

    def wake(self) -> None:
        """Deliver at once what was just announced. Any thread may call this."""
        for dispatcher in self._dispatchers:
            dispatcher.wake()

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until ``stop`` is set, then wait for the attempts in progress."""
        context = self._context
        aws = DeferredAws(
            lambda: aws_client(
                self._document, context.settings, context.environ, self._clock
            )
        )
        secrets = Secrets(context.environ, aws)
        declared = DeclaredTargets(self._current, secrets.value, context.settings)
        shared = context.settings, self._stored
        async with (
            delivery_sender(*shared, self._clock) as sender,
            RedisQueue() as queue,
        ):
            webhooks = dispatcher_for(
                declared, *shared, sender, self._clock, self._attempted
            )
            queues = queue_dispatcher(
                declared, *shared, queue, self._clock, self._queued
            )
            self._dispatchers = webhooks, queues
            await run_all(self._dispatchers, stop)

    def _current(self) -> Document:
        """Return the document, read again if it was not for a second."""
        now = self._clock.monotonic()
        if now >= self._reread_at:
            self._document = self._watch.current()
            self._reread_at = now + _REREAD.total_seconds()
        return self._document

    def _attempted(self, _delivery: OutboxDelivery, attempt: EndedAttempt) -> None:
        count_attempt(self._metrics, attempt)
        self._told()

    def _queued(self, _delivery: OutboxDelivery, attempt: EndedAttempt) -> None:
        self._metrics.count(QUEUE_MESSAGES, outcome=_outcome(attempt.step))


def count_attempt(metrics: Metrics, attempt: EndedAttempt) -> None:
    """Count one attempt in every metric of deliveries."""
    metrics.count(DELIVERIES, outcome=_outcome(attempt.step))
    metrics.count(WEBHOOK_ANSWERS, answer=_answer_class(attempt.answer))
    metrics.measure(WEBHOOK_ATTEMPT_SECONDS, attempt.duration.total_seconds())
    if isinstance(attempt.answer, Unanswered) and attempt.answer.is_sent:
        metrics.count(WEBHOOK_UNKNOWN_OUTCOMES)
    if attempt.possible_duplicate:
        metrics.count(WEBHOOK_POSSIBLE_DUPLICATES)
    if not attempt.is_recorded:
        metrics.count(WEBHOOK_LOST_CLAIMS)


def _outcome(step: NextStep) -> str:
    match step:
        case Delivered():
            return "delivered"
        case Dead():
            return "dead"
        case _:
            return "retry"


def _answer_class(answer: Answer) -> str:
    """Return the class of a status, as in ``2xx``; ``none`` without an answer."""
    match answer:
        case Answered(status):
            name = f"{status // 100}xx"
            return name if name in WEBHOOK_ANSWERS.labels["answer"] else "other"
        case _:
            return "none"
