"""Webhook dispatcher: claims due deliveries, signs and sends them, records the results.

Every target has its own slots, so one that hangs does not delay the others. The step
after an attempt is decided in ``core.webhooks.delivery``; due deliveries, in the store.
"""

import asyncio
import contextlib
import logging
import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from controller.core.clock import Clock
from controller.core.errors import ControllerError
from controller.core.values.redact import redact
from controller.core.webhooks.address_policy import PUBLIC_ADDRESSES, AddressPolicy
from controller.core.webhooks.answers import (
    Answer,
    Answered,
    NotPermitted,
    Queued,
    failure,
)
from controller.core.webhooks.delivery import Dead, NextStep
from controller.core.webhooks.retry_schedule import (
    RetrySchedule,
    after_attempt,
)
from controller.core.webhooks.signature import (
    DEFAULT_SCHEME,
    SignatureScheme,
)
from controller.store.outbox import Outbox, OutboxDelivery, SendAttempt

log = logging.getLogger(__name__)

# Pauses after which the report of an unreadable secret by another process is out of date.
_SECRET_REPORTS = 3


class Transport(Protocol):
    """One way of delivery: signed requests, or messages in a queue."""

    async def send(
        self,
        delivery: OutboxDelivery,
        attempt: SendAttempt,
        target: "WebhookTarget",
        keys: tuple[bytes, ...],
    ) -> Answer:
        """Send one delivery; network and receiver failures are results."""
        ...


@dataclass(frozen=True, slots=True)
class WebhookTarget:
    """Delivery settings of a webhook target.

    Attributes:
        url: URL of the receiver.
        schedule: Retry schedule.
        timeout: Timeout of one attempt in seconds.
        settings: Identity of the address, the secrets and the payload: after a change,
            what failed permanently is sent again. Empty to recognise no change.
        held_for: Time for which the breaker of the webhook must be open before held
            deliveries are sent; None if none are held.
        permitted: Addresses that the receiver may have.
        scheme: Scheme of Hokusai's own signature.
    """

    url: str
    schedule: RetrySchedule
    timeout: float = 30.0
    settings: str = ""
    held_for: timedelta | None = None
    permitted: AddressPolicy = PUBLIC_ADDRESSES
    scheme: SignatureScheme = DEFAULT_SCHEME


@dataclass(frozen=True, slots=True)
class DispatchLimits:
    """Limits of the dispatcher.

    Attributes:
        in_flight: Largest number of concurrent attempts to one target.
        poll: Seconds between two reads of the outbox without a wake-up.
        grace: Seconds for attempts in progress to end after a stop.
        pause: Seconds without attempts to a target whose secrets cannot be read; no
            attempt is counted.
        claim_margin: Seconds by which a claim outlasts the timeout of an attempt.
    """

    in_flight: int = 8
    poll: float = 1.0
    grace: float = 20.0
    pause: float = 30.0
    claim_margin: float = 30.0


@dataclass(frozen=True, slots=True)
class EndedAttempt:
    """Result of one attempt.

    Attributes:
        answer: Answer of the receiver.
        step: Next step of the delivery.
        duration: Time until the answer.
        possible_duplicate: True if an earlier attempt may have been received.
        is_recorded: False if the claim was lost: another worker decides the next step.
    """

    answer: Answer
    step: NextStep
    duration: timedelta
    possible_duplicate: bool
    is_recorded: bool


Targets = Callable[[], Mapping[str, WebhookTarget]]
SecretOf = Callable[[str], tuple[bytes, ...]]
AfterAttempt = Callable[[OutboxDelivery, EndedAttempt], None]


class Dispatcher:
    """Sends the deliveries of the outbox to declared targets.

    Deliveries to a target that is not declared stay in the outbox.

    Args:
        outbox: Deliveries to send.
        transport: Sends one delivery.
        targets: Returns the declared targets, by name.
        secret_of: Returns a target's keys, the current one first; called for each
            attempt, in a thread. Raises ControllerError if they cannot be read.
        clock: Clock.
        worker: Name of this process on its claims.
        limits: Limits on concurrency and times.
        on_attempt: Called after each attempt, for metrics.
    """

    def __init__(
        self,
        outbox: Outbox,
        transport: Transport,
        targets: Targets,
        secret_of: SecretOf,
        *,
        clock: Clock,
        worker: str,
        limits: DispatchLimits | None = None,
        on_attempt: AfterAttempt = lambda _delivery, _attempt: None,
    ) -> None:
        self._outbox = outbox
        self._transport = transport
        self._targets = targets
        self._secret_of = secret_of
        self._clock = clock
        self._worker = worker
        self._limits = limits or DispatchLimits()
        self._on_attempt = on_attempt
        self._woken = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._under_way: dict[asyncio.Task[None], OutboxDelivery] = {}
        self._readable = True
        self._paused_until: dict[str, float] = {}
        self._configured: dict[str, str] = {}
        self._secret_errors: set[str] = set()
        self._secret_read_until: dict[str, float] = {}
        self._clear_at: dict[str, float] = {}

    def wake(self) -> None:
        """Read the outbox now. May be called from any thread, at any time."""
        loop = self._loop
        if loop is None or loop.is_closed():
            self._woken.set()
        else:
            loop.call_soon_threadsafe(self._woken.set)

    async def run(self, stop: asyncio.Event) -> None:
        """Send until ``stop`` is set, then wait for the attempts in progress."""
        self._loop = asyncio.get_running_loop()
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                self._woken.clear()
                seconds = await self._begin_due()
                await self._wait(stopping, seconds)
        finally:
            stopping.cancel()
            await self._drain()

    async def _wait(self, stopping: "asyncio.Task[bool]", seconds: float) -> None:
        """Wait until woken, until a slot is free, or for ``seconds``."""
        woken = asyncio.create_task(self._woken.wait())
        await asyncio.wait(
            {woken, stopping, *self._under_way},
            timeout=seconds,
            return_when=asyncio.FIRST_COMPLETED,
        )
        woken.cancel()

    async def _begin_due(self) -> float:
        """Begin as many attempts as slots allow; return the seconds to the next read."""
        targets = self._targets()
        free = self._free_slots(targets)
        try:
            claimed, wait = await asyncio.to_thread(self._claim, targets, free)
        except ControllerError as error:
            # The outbox keeps its deliveries; the next round reads it again.
            level = logging.WARNING if self._readable else logging.DEBUG
            log.log(level, "outbox not readable", extra={"error": str(error)})
            self._readable = False
            return self._limits.poll
        self._readable = True
        for delivery in claimed:
            work = self._attempt(delivery, targets[delivery.target])
            task = asyncio.create_task(work)
            self._under_way[task] = delivery
            task.add_done_callback(self._ended)
        return min(self._limits.poll, wait)

    def _free_slots(self, targets: Mapping[str, WebhookTarget]) -> dict[str, int]:
        busy = self._busy()
        now = self._clock.monotonic()
        return {
            name: self._limits.in_flight - busy[name]
            for name in targets
            if busy[name] < self._limits.in_flight
            and self._paused_until.get(name, now) <= now
        }

    def _busy(self) -> Counter[str]:
        """Return the number of attempts in progress, by target."""
        return Counter(delivery.target for delivery in self._under_way.values())

    def _claim(
        self, targets: Mapping[str, WebhookTarget], free: Mapping[str, int]
    ) -> tuple[list[OutboxDelivery], float]:
        """Return the claimed deliveries, and the seconds until more may be due.

        A target without free slots is read again when one is free.
        """
        self._configure(targets)
        self._clear_secret_errors()
        claimed: list[OutboxDelivery] = []
        roomy: list[str] = []
        most, busy = self._limits.in_flight, self._busy()
        for name, slots in free.items():
            seconds = targets[name].timeout + self._limits.claim_margin
            lease = timedelta(seconds=seconds)
            some = self._outbox.claim(self._worker, name, most, lease, busy=busy[name])
            claimed += some
            busy[name] += len(some)
            if len(some) < slots:
                roomy.append(name)
        wait = self._outbox.wait(roomy, busy) if roomy else None
        return claimed, math.inf if wait is None else wait.total_seconds()

    def _configure(self, targets: Mapping[str, WebhookTarget]) -> None:
        """Record the settings of targets that are new to this process, or changed."""
        for name, target in targets.items():
            if target.settings and self._configured.get(name) != target.settings:
                again = self._outbox.configure(name, target.settings)
                self._configured[name] = target.settings
                if again:
                    fields = {"target": name, "deliveries": again}
                    log.info("target changed, deliveries sent again", extra=fields)
            if target.held_for is not None:
                released = self._outbox.settle_held(name, target.held_for)
                if released:
                    fields = {"target": name, "deliveries": released}
                    log.warning("webhook fails, deliveries sent to Redis", extra=fields)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        target = self._under_way.pop(task).target
        if not task.cancelled() and (error := task.exception()) is not None:
            # The claim expires, and the delivery is retried.
            fields = {"target": target, "error": str(error)}
            log.error("attempt not recorded", extra=fields, exc_info=error)

    async def _attempt(self, delivery: OutboxDelivery, target: WebhookTarget) -> None:
        keys = await self._keys(delivery)
        if not keys:
            return
        now = self._clock.now()
        attempt = await asyncio.to_thread(self._outbox.start, delivery, now)
        if attempt is None:
            return
        began = self._clock.monotonic()
        answer = await self._transport.send(delivery, attempt, target, keys)
        took = timedelta(seconds=self._clock.monotonic() - began)
        now = self._clock.now()
        key = f"{delivery.event_id}/{delivery.target}"
        step = after_attempt(target.schedule, answer, delivery.progress, now, key)
        _log(delivery, attempt, answer, step)
        is_ours = await asyncio.to_thread(
            self._outbox.finish, delivery, answer, step, now, took
        )
        if delivery.progress.is_probe and isinstance(step, Dead):
            # The others have waited as long, without an attempt.
            begun, name = now - target.schedule.length, delivery.target
            await asyncio.to_thread(self._outbox.expire, name, begun, step.reason)
        sent = EndedAttempt(answer, step, took, attempt.possible_duplicate, is_ours)
        self._on_attempt(delivery, sent)

    async def _keys(self, delivery: OutboxDelivery) -> tuple[bytes, ...]:
        """Return the target's keys; release the delivery if there are none."""
        name = delivery.target
        try:
            keys = await asyncio.to_thread(self._secret_of, name)
            reason = "the target has no secret"
        except ControllerError as error:
            keys, reason = (), redact(str(error), ())
        if not keys:
            log.warning("secrets not readable", extra={"target": name, "error": reason})
            self._paused_until[name] = self._clock.monotonic() + self._limits.pause
            await asyncio.to_thread(self._outbox.release, [delivery])
        await self._report_secret(name, "" if keys else reason)
        return keys

    async def _report_secret(self, name: str, error: str) -> None:
        """Record for other processes if the secrets of a target can be read.

        An outage of the store must not stop a delivery: the next attempt reports again.
        """
        now, pause = self._clock.monotonic(), self._limits.pause
        with contextlib.suppress(ControllerError):
            if error:
                self._secret_errors.add(name)
                self._secret_read_until.pop(name, None)
                self._clear_at.pop(name, None)
                await asyncio.to_thread(self._outbox.report_secret_error, name, error)
            elif self._secret_read_until.get(name, now) <= now:
                await asyncio.to_thread(self._clear_secret_error, name)
                self._secret_read_until[name] = now + pause

    def _clear_secret_error(self, name: str) -> None:
        """Remove the record of an unreadable secret, now or once it is out of date.

        Another process repeats its own record each time its pause ends.
        """
        others = timedelta(seconds=_SECRET_REPORTS * self._limits.pause)
        lifetime = timedelta(0) if name in self._secret_errors else others
        if self._outbox.report_secret_read(name, lifetime):
            self._secret_errors.discard(name)
            self._clear_at.pop(name, None)
        else:
            self._clear_at[name] = self._clock.monotonic() + others.total_seconds()

    def _clear_secret_errors(self) -> None:
        """Remove the records of other processes that are out of date."""
        now = self._clock.monotonic()
        for name in [name for name, at in self._clear_at.items() if at <= now]:
            self._clear_secret_error(name)

    async def _drain(self) -> None:
        """Wait for the attempts in progress; cancel them after the grace time.

        A cancelled attempt has an unknown outcome: the event is sent again, marked as a
        possible duplicate. Its claim ends, so that the next process need not wait.
        """
        if not self._under_way:
            return
        tasks = dict(self._under_way)
        _, late = await asyncio.wait(tasks, timeout=self._limits.grace)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        cancelled = [tasks[task] for task in late if task.cancelled()]
        if cancelled:
            # Without the store, the claims expire.
            with contextlib.suppress(ControllerError):
                await asyncio.to_thread(self._outbox.release, cancelled)


async def run_all(dispatchers: Collection[Dispatcher], stop: asyncio.Event) -> None:
    """Run ``dispatchers`` until ``stop`` is set; an error of one ends all."""
    try:
        async with asyncio.TaskGroup() as group:
            for dispatcher in dispatchers:
                group.create_task(dispatcher.run(stop))
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from errors


def _log(
    delivery: OutboxDelivery, attempt: SendAttempt, answer: Answer, step: NextStep
) -> None:
    fields = {
        "event": delivery.event_id,
        "target": delivery.target,
        "attempt": attempt.number,
        "outcome": type(step).__name__,
    }
    if isinstance(answer, Answered):
        fields["status"] = answer.status
    elif isinstance(answer, Queued):
        fields["is_new"] = answer.is_new
    else:
        fields["error"] = failure(answer)
    level = logging.WARNING if isinstance(answer, NotPermitted) else logging.INFO
    log.log(level, "delivery attempted", extra=fields)
