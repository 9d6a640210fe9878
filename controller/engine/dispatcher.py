"""Drain the outbox: claim what is due, sign it, send it, write down what came of it.

Every target has slots of its own: one that hangs holds up nobody else. What to do
after an attempt is decided in ``core.delivery``; what is due, in the store.
"""

import asyncio
import logging
import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from controller.core.clock import Clock
from controller.core.errors import ControllerError
from controller.core.webhooks.delivery import (
    Answer,
    DeliveryPolicy,
    NextStep,
    Unanswered,
    after_attempt,
)
from controller.core.webhooks.signature import (
    SIGNATURE_HEADER,
    hokusai_signature,
    standard_headers,
)
from controller.store.outbox import Outbox, OutboxDelivery, SendAttempt

log = logging.getLogger(__name__)

_USER_AGENT = "hokusai-controller"
# How much longer than an attempt may take a claim lasts.
_LEASE_MARGIN = 30.0


class Sending(Protocol):
    """What the dispatcher needs of a sender; see ``clients.webhook.Sender``."""

    async def send(
        self, url: str, headers: Mapping[str, str], body: bytes, within: float
    ) -> Answer:
        """Post ``body``; never raises for what the network or the receiver does."""
        ...


@dataclass(frozen=True, slots=True)
class WebhookTarget:
    """Where and how a target wants to be told.

    Attributes:
        url: Where it listens.
        policy: Its retry schedule.
        timeout: Seconds that one attempt may take.
    """

    url: str
    policy: DeliveryPolicy
    timeout: float = 30.0


@dataclass(frozen=True, slots=True)
class DispatchLimits:
    """How much at once, and how long to wait.

    Attributes:
        in_flight: Attempts under way to one target.
        poll: Seconds after which the outbox is looked at though nobody woke us.
        grace: Seconds that attempts under way may still take after a stop.
        pause: Seconds for which a target is left alone when its secrets cannot
            be had; no attempt is charged.
    """

    in_flight: int = 8
    poll: float = 1.0
    grace: float = 20.0
    pause: float = 30.0


Targets = Callable[[], Mapping[str, WebhookTarget]]
SecretOf = Callable[[str], tuple[bytes, ...]]
Told = Callable[[OutboxDelivery, Answer, NextStep], None]


class Dispatcher:
    """Sends what the outbox holds for the targets that are declared.

    What is due to a target that is not declared stays where it is.

    Args:
        outbox: What must be sent.
        sender: Sends it.
        targets: Returns the targets declared now, by name.
        secret_of: Returns a target's keys, the current one first; asked at each
            attempt, in a thread. Raises ControllerError if they cannot be had.
        clock: Tells the time and how long attempts took.
        worker: Names this process on what it claims.
        limits: How much at once.
        told: Called after each attempt, for whoever counts.
    """

    def __init__(
        self,
        outbox: Outbox,
        sender: Sending,
        targets: Targets,
        secret_of: SecretOf,
        *,
        clock: Clock,
        worker: str,
        limits: DispatchLimits | None = None,
        told: Told = lambda _delivery, _answer, _step: None,
    ) -> None:
        self._outbox = outbox
        self._sender = sender
        self._targets = targets
        self._secret_of = secret_of
        self._clock = clock
        self._worker = worker
        self._limits = limits or DispatchLimits()
        self._told = told
        self._woken = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._under_way: dict[asyncio.Task[None], str] = {}
        self._paused_until: dict[str, float] = {}

    def wake(self) -> None:
        """Look at the outbox now. May be called from any thread, at any time."""
        loop = self._loop
        if loop is None or loop.is_closed():
            self._woken.set()
        else:
            loop.call_soon_threadsafe(self._woken.set)

    async def run(self, stop: asyncio.Event) -> None:
        """Send until ``stop`` is set, then let what is under way come to its end."""
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
        """Return when woken, when a slot is free again, or after ``seconds``."""
        woken = asyncio.create_task(self._woken.wait())
        await asyncio.wait(
            {woken, stopping, *self._under_way},
            timeout=seconds,
            return_when=asyncio.FIRST_COMPLETED,
        )
        woken.cancel()

    async def _begin_due(self) -> float:
        """Begin what there are slots for; return the seconds to the next look."""
        targets = self._targets()
        free = self._free_slots(targets)
        try:
            claimed, wait = await asyncio.to_thread(self._claim, targets, free)
        except ControllerError as error:
            # The outbox keeps what it holds; the next round asks again.
            log.warning("outbox not readable", extra={"error": str(error)})
            return self._limits.poll
        for delivery in claimed:
            work = self._attempt(delivery, targets[delivery.target])
            task = asyncio.create_task(work)
            self._under_way[task] = delivery.target
            task.add_done_callback(self._ended)
        return min(self._limits.poll, wait)

    def _free_slots(self, targets: Mapping[str, WebhookTarget]) -> dict[str, int]:
        busy = Counter(self._under_way.values())
        now = self._clock.monotonic()
        return {
            name: self._limits.in_flight - busy[name]
            for name in targets
            if busy[name] < self._limits.in_flight
            and self._paused_until.get(name, now) <= now
        }

    def _claim(
        self, targets: Mapping[str, WebhookTarget], free: Mapping[str, int]
    ) -> tuple[list[OutboxDelivery], float]:
        """Return what was claimed, and the seconds until more may be due.

        A target whose slots are all taken is looked at again when one is free.
        """
        claimed: list[OutboxDelivery] = []
        roomy: list[str] = []
        for name, slots in free.items():
            lease = timedelta(seconds=targets[name].timeout + _LEASE_MARGIN)
            some = self._outbox.claim(self._worker, name, slots, lease)
            claimed += some
            if len(some) < slots:
                roomy.append(name)
        wait = self._outbox.wait(roomy) if roomy else None
        return claimed, math.inf if wait is None else wait.total_seconds()

    def _ended(self, task: "asyncio.Task[None]") -> None:
        target = self._under_way.pop(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # The claim runs out by itself, and the delivery is tried again.
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
        headers = _headers(delivery, attempt, keys, self._clock)
        began = self._clock.monotonic()
        answer = await self._sender.send(
            target.url, headers, delivery.body, target.timeout
        )
        took = timedelta(seconds=self._clock.monotonic() - began)
        now = self._clock.now()
        key = f"{delivery.event_id}/{delivery.target}"
        step = after_attempt(target.policy, answer, attempt.number, now, key)
        _log(delivery, attempt, answer, step)
        await asyncio.to_thread(self._outbox.finish, delivery, answer, step, now, took)
        self._told(delivery, answer, step)

    async def _keys(self, delivery: OutboxDelivery) -> tuple[bytes, ...]:
        """Return the target's keys; if there are none, give the delivery back."""
        name = delivery.target
        try:
            keys = await asyncio.to_thread(self._secret_of, name)
            why = "it has none"
        except ControllerError as error:
            keys, why = (), str(error)
        if not keys:
            log.warning("secrets not readable", extra={"target": name, "error": why})
            self._paused_until[name] = self._clock.monotonic() + self._limits.pause
            await asyncio.to_thread(self._outbox.release, [delivery])
        return keys

    async def _drain(self) -> None:
        """Wait for what is under way; cut off what takes longer than the grace.

        What is cut off counts as unknown: it is sent again, and marked.
        """
        if not self._under_way:
            return
        tasks = set(self._under_way)
        _, late = await asyncio.wait(tasks, timeout=self._limits.grace)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


def _headers(
    delivery: OutboxDelivery,
    attempt: SendAttempt,
    keys: tuple[bytes, ...],
    clock: Clock,
) -> dict[str, str]:
    headers = {
        "Content-Type": "application/json",
        "User-Agent": _USER_AGENT,
        # Receivers compare the whole value: it is made with the current key only.
        SIGNATURE_HEADER: hokusai_signature(keys[0], delivery.body),
        "X-Hokusai-Idempotency-Key": delivery.event_id,
        "X-Hokusai-Event": delivery.type,
        "X-Hokusai-Attempt": str(attempt.number),
        **standard_headers(delivery.event_id, clock.now(), delivery.body, keys),
    }
    if attempt.possible_duplicate:
        headers["X-Hokusai-Possible-Duplicate"] = "true"
    return headers


def _log(
    delivery: OutboxDelivery, attempt: SendAttempt, answer: Answer, step: NextStep
) -> None:
    fields = {
        "event": delivery.event_id,
        "target": delivery.target,
        "attempt": attempt.number,
        "outcome": type(step).__name__,
    }
    if isinstance(answer, Unanswered):
        fields["error"] = answer.error
    else:
        fields["status"] = answer.status
    log.info("delivery attempted", extra=fields)
