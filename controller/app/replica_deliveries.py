"""Webhook deliveries of one process, with or without the lease.

Deliveries are claimed one by one in the store, so any number of processes can deliver.
Only the leader tags the versions that a target accepted.
"""

import asyncio
import contextlib
import math
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta

from controller.app.document_watch import DocumentWatch
from controller.app.session import Session
from controller.bootstrap.aws import DeferredAws, aws_client
from controller.bootstrap.deliveries import (
    DeclaredTargets,
    RecentRotations,
    delivery_aws,
    delivery_sender,
    dispatcher_for,
    queue_dispatcher,
)
from controller.bootstrap.names import declared_fallbacks
from controller.bootstrap.store import Store
from controller.clients.redis_queue import RedisQueue
from controller.clients.secrets import Secrets
from controller.core.clock import Clock
from controller.core.document.reference import SecretReference
from controller.core.errors import ControllerError
from controller.core.webhooks.answers import Answer, Answered, Unanswered
from controller.core.webhooks.breaker import Breaker
from controller.core.webhooks.delivery import Dead, Delivered, NextStep
from controller.engine.dispatcher import Dispatcher, EndedAttempt, run_all
from controller.spec.document import Document
from controller.store.attempts import OutboxDelivery
from controller.store.backlogs import Backlog, backlogs
from controller.telemetry.metrics import (
    DELIVERIES,
    QUEUE_MESSAGES,
    WEBHOOK_ANSWERS,
    WEBHOOK_ATTEMPT_SECONDS,
    WEBHOOK_BACKLOG,
    WEBHOOK_BREAKER,
    WEBHOOK_DEAD,
    WEBHOOK_DELAY_SECONDS,
    WEBHOOK_DELIVERIES,
    WEBHOOK_IN_FLIGHT,
    WEBHOOK_LOST_CLAIMS,
    WEBHOOK_OLDEST_PENDING,
    WEBHOOK_POSSIBLE_DUPLICATES,
    WEBHOOK_SECRET_AGE,
    WEBHOOK_UNKNOWN_OUTCOMES,
    Metrics,
)

# Between two reads of the document for its targets.
_REREAD = timedelta(seconds=1)
# Between two readings of the gauges.
_GAUGES = timedelta(seconds=15)
# Between two reads of a secret for its age only; each delivery reads it too.
_AGES = timedelta(hours=1)


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
        declared = DeclaredTargets(
            self._current,
            secrets.value,
            context.settings,
            RecentRotations(self._stored.rotations, self._clock).all,
            self._clock,
        )
        shared = context.settings, self._stored
        async with (
            delivery_sender(
                *shared,
                self._clock,
                declared=declared_fallbacks(
                    self._document, context.settings, context.environ
                ),
                metrics=self._metrics,
            ) as sender,
            RedisQueue() as queue,
        ):
            webhooks = dispatcher_for(
                declared,
                *shared,
                sender,
                self._clock,
                self._attempted,
                aws=delivery_aws(
                    lambda: self._document,
                    context.settings,
                    context.environ,
                    self._clock,
                ),
            )
            queues = queue_dispatcher(
                declared, *shared, queue, self._clock, self._queued
            )
            self._dispatchers = webhooks, queues
            ages = SecretAges(secrets, self._clock)
            gauges = asyncio.create_task(self._gauge(webhooks, declared, ages))
            try:
                await run_all(self._dispatchers, stop)
            finally:
                gauges.cancel()

    async def _gauge(
        self, webhooks: Dispatcher, declared: DeclaredTargets, ages: "SecretAges"
    ) -> None:
        """Set the gauges of deliveries every few seconds until cancelled.

        While the store cannot be read, those that come from it are absent.
        """
        while True:
            names: Collection[str] = ()
            found = None
            with contextlib.suppress(ControllerError):
                names = (await asyncio.to_thread(declared.targets)).keys()
                found = await asyncio.to_thread(backlogs, self._stored.database, names)
            set_gauges(self._metrics, names, found, webhooks.in_flight())
            with contextlib.suppress(ControllerError):
                current = await asyncio.to_thread(declared.current_secrets)
                found_ages = await asyncio.to_thread(ages.of, current)
                self._metrics.replace(WEBHOOK_SECRET_AGE, found_ages)
            await asyncio.sleep(_GAUGES.total_seconds())

    def _current(self) -> Document:
        """Return the document, read again if it was not for a second."""
        now = self._clock.monotonic()
        if now >= self._reread_at:
            self._document = self._watch.current()
            self._reread_at = now + _REREAD.total_seconds()
        return self._document

    def _attempted(self, delivery: OutboxDelivery, attempt: EndedAttempt) -> None:
        delay = self._clock.now() - delivery.progress.begun
        count_attempt(self._metrics, delivery.target, attempt, delay)
        self._told()

    def _queued(self, _delivery: OutboxDelivery, attempt: EndedAttempt) -> None:
        self._metrics.count(QUEUE_MESSAGES, outcome=_outcome(attempt.step))


class SecretAges:
    """Ages of signing secrets, from the times that their stores keep.

    Args:
        secrets: Secrets that are also read for deliveries.
        clock: Clock.
    """

    def __init__(self, secrets: Secrets, clock: Clock) -> None:
        self._secrets = secrets
        self._clock = clock
        self._read_at: dict[SecretReference, float] = {}

    def of(self, current: Mapping[str, SecretReference]) -> dict[str, float]:
        """Return the ages in seconds by target; reads each secret once an hour.

        A secret that cannot be read, or whose store keeps no time, is left out. Call it
        in a thread.

        Args:
            current: Signing secret by target.
        """
        ages: dict[str, float] = {}
        for name, reference in current.items():
            now = self._clock.monotonic()
            if self._read_at.get(reference, -math.inf) + _AGES.total_seconds() <= now:
                self._read_at[reference] = now
                with contextlib.suppress(ControllerError):
                    self._secrets.value(reference)
            if (stored_at := self._secrets.stored_at(reference)) is not None:
                age = self._clock.now() - stored_at
                ages[name] = max(age.total_seconds(), 0)
        return ages


def set_gauges(
    metrics: Metrics,
    names: Collection[str],
    found: Mapping[str, Backlog] | None,
    in_flight: Mapping[str, int],
) -> None:
    """Set the gauges of deliveries.

    Args:
        metrics: Metrics.
        names: Declared targets.
        found: Backlogs by target; None if the store cannot be read.
        in_flight: Attempts of this process in progress, by target.
    """
    known = found or {}
    metrics.replace(WEBHOOK_BACKLOG, {n: b.pending for n, b in known.items()})
    oldest = {n: b.oldest.total_seconds() for n, b in known.items()}
    metrics.replace(WEBHOOK_OLDEST_PENDING, oldest)
    metrics.replace(WEBHOOK_DEAD, {n: b.dead for n, b in known.items()})
    breakers = {n: _breaker_state(b.breaker) for n, b in known.items()}
    metrics.replace(WEBHOOK_BREAKER, breakers)
    metrics.replace(WEBHOOK_IN_FLIGHT, {n: in_flight.get(n, 0) for n in names})


def _breaker_state(breaker: Breaker) -> int:
    if breaker.disabled:
        return 2
    return 0 if breaker.is_closed else 1


def count_attempt(
    metrics: Metrics, target: str, attempt: EndedAttempt, delay: timedelta
) -> None:
    """Count one attempt in every metric of deliveries.

    Args:
        metrics: Metrics.
        target: Name of the target.
        attempt: Attempt.
        delay: Time since the delivery was announced.
    """
    outcome = _outcome(attempt.step)
    metrics.count(DELIVERIES, outcome=outcome)
    metrics.count(WEBHOOK_DELIVERIES, endpoint=target, outcome=outcome)
    if isinstance(attempt.step, Delivered):
        metrics.measure(WEBHOOK_DELAY_SECONDS, max(delay.total_seconds(), 0))
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
