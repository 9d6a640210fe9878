"""Webhook dispatcher: claims due deliveries, signs and sends them, records the results.

Every target has its own slots, so one that hangs does not delay the others. The step
after an attempt is decided in ``core.webhooks.delivery``; due deliveries, in the store.

One transaction records the results since the last one, claims due deliveries, and
records the start of their attempts: a commit takes longer than a request.
"""

import asyncio
import contextlib
import logging
import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Protocol

from controller.core.clock import Clock
from controller.core.errors import ControllerError, PermanentError
from controller.core.webhooks.address_policy import PUBLIC_ADDRESSES, AddressPolicy
from controller.core.webhooks.answers import (
    Answer,
    Answered,
    AwsAccepted,
    NotDerived,
    NotPermitted,
    Queued,
    Unanswered,
    failure,
)
from controller.core.webhooks.aws_destination import AwsDestination
from controller.core.webhooks.body_expression import (
    UNDERIVED,
    BodyError,
    derived_body,
)
from controller.core.webhooks.delivery import Dead, Delivered, NextStep
from controller.core.webhooks.retry_schedule import (
    RetrySchedule,
    after_attempt,
)
from controller.core.webhooks.signature import (
    DEFAULT_SCHEME,
    SignatureScheme,
)
from controller.core.webhooks.target_secrets import TargetSecrets
from controller.engine.secret_reads import SecretReads, SecretsOf
from controller.store.attempts import AttemptResult, OutboxDelivery, SendAttempt
from controller.store.outbox import Outbox

log = logging.getLogger(__name__)

# Seconds without the end of an attempt, after which the results are recorded.
_GATHER = 0.001
# Results that are recorded without waiting for more; those that are sent meanwhile are
# the next ones.
_ENOUGH = 32
# Targets whose deliveries are claimed in one transaction.
_TARGETS_A_ROUND = 16


class Transport(Protocol):
    """One way of delivery: signed requests, or messages in a queue."""

    async def send(
        self,
        delivery: OutboxDelivery,
        attempt: SendAttempt,
        target: "WebhookTarget",
        secrets: TargetSecrets,
    ) -> Answer:
        """Send one delivery; network and receiver failures are results."""
        ...


@dataclass(frozen=True, slots=True)
class WebhookTarget:
    """Delivery settings of a webhook target.

    Attributes:
        url: URL of the receiver, or name of the destination in AWS.
        schedule: Retry schedule.
        timeout: Timeout of one attempt in seconds.
        settings: Identity of the address, the secrets and the payload: after a change,
            what failed permanently is sent again. Empty to recognise no change.
        held_for: Time for which the breaker of the webhook must be open before held
            deliveries are sent; None if none are held.
        permitted: Addresses that the receiver may have.
        scheme: Scheme of Hokusai's own signature.
        header_aliases: Names of headers by the further names that they also have.
        body: JMESPath expression that makes the body; empty to send the payload.
        destination: Event bus or queue in AWS; None for a receiver at ``url``.
    """

    url: str
    schedule: RetrySchedule
    timeout: float = 30.0
    settings: str = ""
    held_for: timedelta | None = None
    permitted: AddressPolicy = PUBLIC_ADDRESSES
    scheme: SignatureScheme = DEFAULT_SCHEME
    header_aliases: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    destination: AwsDestination | None = None


@dataclass(frozen=True, slots=True)
class DispatchLimits:
    """Limits of the dispatcher.

    Attributes:
        in_flight: Largest number of concurrent attempts to one target, reached step by
            step while it accepts.
        first: Number of concurrent attempts at the start and after a failure.
        poll: Seconds between two reads of the outbox without a wake-up.
        grace: Seconds for attempts in progress to end after a stop.
        pause: Seconds without attempts to a target whose secrets cannot be read; no
            attempt is counted.
        claim_margin: Seconds by which a claim outlasts the timeout of an attempt.
    """

    in_flight: int = 64
    first: int = 4
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


@dataclass(frozen=True, slots=True)
class _Ended:
    """An attempt that has ended and is not recorded yet."""

    result: AttemptResult
    attempt: SendAttempt
    schedule: RetrySchedule


@dataclass(frozen=True, slots=True)
class _Started:
    """A claimed delivery whose attempt is recorded as started."""

    delivery: OutboxDelivery
    attempt: SendAttempt
    target: WebhookTarget
    secrets: TargetSecrets


@dataclass(frozen=True, slots=True)
class _Exchange:
    """Result of one round with the outbox.

    Attributes:
        recorded: True for each result whose claim was not lost.
        started: Attempts to begin.
        due: Targets with due deliveries and known secrets.
        without_secrets: Targets with due deliveries whose secrets are not known.
        wait: Seconds until more may be due.
    """

    recorded: Sequence[bool]
    started: Sequence[_Started]
    due: Sequence[str]
    without_secrets: Sequence[str]
    wait: float


Targets = Callable[[], Mapping[str, WebhookTarget]]
AfterAttempt = Callable[[OutboxDelivery, EndedAttempt], None]


class Dispatcher:
    """Sends the deliveries of the outbox to declared targets.

    Deliveries to a target that is not declared stay in the outbox.

    Args:
        outbox: Deliveries to send.
        transport: Sends one delivery.
        targets: Returns the declared targets, by name; called in a thread. Raises
            ControllerError if they cannot be read now.
        secrets_of: Returns the secrets of a target; called before each claim, in a
            thread, and at most once a second. Raises ControllerError if they cannot be
            read or used.
        clock: Clock.
        worker: Name of this process on its claims.
        limits: Limits on concurrency and times.
        on_attempt: Called once the result of an attempt is recorded, for metrics.
    """

    def __init__(
        self,
        outbox: Outbox,
        transport: Transport,
        targets: Targets,
        secrets_of: SecretsOf,
        *,
        clock: Clock,
        worker: str,
        limits: DispatchLimits | None = None,
        on_attempt: AfterAttempt = lambda _delivery, _attempt: None,
    ) -> None:
        self._outbox = outbox
        self._transport = transport
        self._targets = targets
        self._clock = clock
        self._worker = worker
        self._limits = limits or DispatchLimits()
        self._on_attempt = on_attempt
        self._woken = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._round_number = 0
        self._turns: Counter[str] = Counter()
        # Targets with more due deliveries than the last claim had slots for.
        self._more: set[str] = set()
        # Answers of each target since its last failure.
        self._accepted: Counter[str] = Counter()
        self._under_way: dict[asyncio.Task[None], OutboxDelivery] = {}
        self._ended: list[_Ended] = []
        self._secrets = SecretReads(
            secrets_of,
            outbox,
            clock,
            self._limits.pause,
            self.wake,
        )
        self._readable = True
        self._configured: dict[str, str] = {}

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
        # An event belongs to one event loop.
        woken, self._woken = self._woken, asyncio.Event()
        if woken.is_set():
            self._woken.set()
        stopping = asyncio.create_task(stop.wait())
        stopping.add_done_callback(lambda _: self._woken.set())
        try:
            while not stop.is_set():
                self._woken.clear()
                seconds = await self._round()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        await self._woken.wait()
                        await self._gather()
        finally:
            stopping.cancel()
            await self._drain()

    async def _gather(self) -> None:
        """Let more attempts end, which one transaction records together."""
        before = -1
        while self._under_way and before < len(self._ended) < _ENOUGH:
            before = len(self._ended)
            await asyncio.sleep(_GATHER)

    async def _round(self) -> float:
        """Record results and begin due attempts; return the seconds to the next round.

        The end of an attempt begins the next round earlier.
        """
        ended: list[_Ended] = []
        try:
            targets = await asyncio.to_thread(self._targets)
            # Only the event loop reads what its tasks change.
            busy, free = self._busy(), self._free_slots(targets)
            ended, self._ended = self._ended, []
            exchange = await asyncio.to_thread(
                self._exchange, ended, targets, free, busy, self._secrets.fresh()
            )
        except ControllerError as error:
            if isinstance(error, PermanentError) and ended:
                await self._record_singly(ended)
                return 0
            # The outbox keeps its deliveries, and the next round records the results.
            self._ended = ended + self._ended
            level = logging.WARNING if self._readable else logging.DEBUG
            log.log(level, "outbox not readable", extra={"error": str(error)})
            self._readable = False
            return self._limits.poll
        self._readable = True
        self._report(ended, exchange.recorded)
        for one in exchange.started:
            task = asyncio.create_task(self._attempt(one))
            self._under_way[task] = one.delivery
            task.add_done_callback(self._leave)
        if exchange.without_secrets and await self._secrets.read(
            exchange.without_secrets
        ):
            return 0
        counts = Counter(one.delivery.target for one in exchange.started)
        if len(exchange.due) > len(counts) > 0:
            return 0
        is_empty = any(counts[name] < free[name] for name in counts)
        return 0 if is_empty else min(self._limits.poll, exchange.wait)

    async def _record_singly(self, ended: Sequence[_Ended]) -> None:
        """Record each result alone: one that the store refuses must not stop the others.

        Its claim expires, and the event is sent again.
        """
        for one in ended:
            try:
                recorded = await asyncio.to_thread(self._record, [one])
            except PermanentError as error:
                delivery = one.result.delivery
                fields = {"target": delivery.target, "error": str(error)}
                log.error("attempt not recorded", extra=fields)  # noqa: TRY400 - known
            except ControllerError:
                self._ended.append(one)
            else:
                self._report([one], recorded)

    def _free_slots(self, targets: Mapping[str, WebhookTarget]) -> dict[str, int]:
        busy = self._busy()
        free = {name: self._slots(name) - busy[name] for name in targets}
        return {
            name: slots
            for name, slots in free.items()
            if slots > 0 and not self._secrets.is_paused(name)
        }

    def _slots(self, name: str) -> int:
        """Return the number of attempts to a target that may be in progress."""
        return min(self._accepted[name] + self._limits.first, self._limits.in_flight)

    def in_flight(self) -> Mapping[str, int]:
        """Return the number of attempts in progress, by target."""
        return self._busy()

    def _busy(self) -> Counter[str]:
        """Return the number of attempts in progress, by target."""
        return Counter(delivery.target for delivery in self._under_way.values())

    def _exchange(
        self,
        ended: Sequence[_Ended],
        targets: Mapping[str, WebhookTarget],
        free: Mapping[str, int],
        busy: Counter[str],
        secrets: Mapping[str, TargetSecrets],
    ) -> "_Exchange":
        """Record results, and claim deliveries to the targets with ``secrets``."""
        self._configure(targets)
        self._secrets.remove_outdated_reports()
        # These were not exhausted by the last claim.
        due = [name for name in free if name in self._more]
        others = free.keys() - due
        due += self._outbox.due_targets(others, busy) if others else ()
        claimed: list[OutboxDelivery] = []
        recorded: list[bool] = []
        started: list[_Started] = []
        in_turn = self._in_turn(due, busy)
        ready = [name for name in in_turn if name in secrets][:_TARGETS_A_ROUND]
        self._take_turn(ready)
        is_crowded = len(due) > _TARGETS_A_ROUND
        if ended or ready:
            with self._outbox.transaction():
                recorded = self._record(ended)
                for name in ready:
                    seconds = targets[name].timeout + self._limits.claim_margin
                    lease = timedelta(seconds=seconds)
                    slots = free[name]
                    if is_crowded and not self._accepted[name]:
                        slots = 1
                    some = self._outbox.claim(
                        self._worker, name, busy[name] + slots, lease, busy=busy[name]
                    )
                    claimed += some
                    has_more = len(some) >= slots
                    (self._more.add if has_more else self._more.discard)(name)
                attempts = self._outbox.start_all(claimed, self._clock.now())
            started = [
                _Started(d, attempts[d.id], targets[d.target], secrets[d.target])
                for d in claimed
                if d.id in attempts
            ]
        idle = free.keys() - set(due)
        wait = self._outbox.wait(idle, busy) if idle and not started else None
        return _Exchange(
            recorded,
            started,
            [name for name in due if name in secrets],
            [name for name in in_turn if name not in secrets],
            math.inf if wait is None else wait.total_seconds(),
        )

    def _in_turn(self, names: Collection[str], busy: Mapping[str, int]) -> list[str]:
        """Return ``names`` in the order in which they are served.

        First come targets that answer, or that have no attempt in progress: those that
        hang must not delay their attempts. Among these, first comes the one that had
        its turn longest ago.
        """
        return sorted(
            names,
            key=lambda name: (
                not self._accepted[name] and busy[name] > 0,
                self._turns[name],
            ),
        )

    def _take_turn(self, names: Collection[str]) -> None:
        self._round_number += 1
        self._turns.update(dict.fromkeys(names, self._round_number))

    def _record(self, ended: Sequence[_Ended]) -> list[bool]:
        """Record results; with a probe that is given up, those that waited as long."""
        recorded = self._outbox.finish_all([one.result for one in ended])
        for one in ended:
            delivery, step = one.result.delivery, one.result.step
            if delivery.progress.is_probe and isinstance(step, Dead):
                begun = one.result.now - one.schedule.length
                self._outbox.expire(delivery.target, begun, step.reason)
        return recorded

    def _report(self, ended: Sequence[_Ended], recorded: Sequence[bool]) -> None:
        for one, is_ours in zip(ended, recorded, strict=True):
            result = one.result
            attempt = EndedAttempt(
                result.answer,
                result.step,
                result.duration,
                one.attempt.possible_duplicate,
                is_ours,
            )
            try:
                self._on_attempt(result.delivery, attempt)
            except Exception:
                log.exception("attempt not counted")

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

    def _leave(self, task: "asyncio.Task[None]") -> None:
        """Free the slot of an attempt that failed or was cancelled."""
        delivery = self._under_way.pop(task, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            # The claim expires, and the delivery is retried.
            target = delivery.target if delivery else ""
            fields = {"target": target, "error": str(error)}
            log.error("attempt not recorded", extra=fields, exc_info=error)

    async def _attempt(self, one: _Started) -> None:
        delivery, target = one.delivery, one.target
        began = self._clock.monotonic()
        try:
            answer = await self._send(one)
        except Exception as error:
            # It counts as an attempt, so that it does not go on for ever.
            log.exception("attempt failed", extra={"target": delivery.target})
            reason = f"internal error: {type(error).__name__}; see the log"
            answer = Unanswered(reason, is_sent=True)
        took = timedelta(seconds=self._clock.monotonic() - began)
        now = self._clock.now()
        key = f"{delivery.event_id}/{delivery.target}"
        step = after_attempt(target.schedule, answer, delivery.progress, now, key)
        _log(delivery, one.attempt, answer, step)
        result = AttemptResult(delivery, answer, step, now, took)
        if isinstance(step, Delivered):
            self._accepted[delivery.target] += 1
        else:
            self._accepted[delivery.target] = 0
        self._ended.append(_Ended(result, one.attempt, target.schedule))
        # The slot is free for the round that this wakes.
        if (task := asyncio.current_task()) is not None:
            self._under_way.pop(task, None)
        self._woken.set()

    async def _send(self, one: _Started) -> Answer:
        """Send one delivery; without a body, derive and store it first."""
        delivery = one.delivery
        if delivery.body == UNDERIVED:
            try:
                body = derived_body(one.target.body, delivery.payload)
            except BodyError as error:
                return NotDerived(str(error))
            await asyncio.to_thread(self._outbox.keep_body, delivery, body)
            delivery = replace(delivery, body=body)
        return await self._transport.send(
            delivery, one.attempt, one.target, one.secrets
        )

    async def _drain(self) -> None:
        """Wait for the attempts in progress; cancel them after the grace time.

        A cancelled attempt has an unknown outcome: the event is sent again, marked as a
        possible duplicate. Its claim ends, so that the next process need not wait.
        """
        self._secrets.close()
        tasks = dict(self._under_way)
        late: set[asyncio.Task[None]] = set()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=self._limits.grace)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        cancelled = [tasks[task] for task in late if task.cancelled()]
        ended, self._ended = self._ended, []
        if not ended and not cancelled:
            return
        try:
            recorded = await asyncio.to_thread(self._record_last, ended, cancelled)
        except ControllerError as error:
            # Without the store, the claims expire, and the events are sent again.
            fields = {"attempts": len(ended), "error": str(error)}
            log.error("attempts not recorded", extra=fields)  # noqa: TRY400 - known
        else:
            self._report(ended, recorded)

    def _record_last(
        self, ended: Sequence[_Ended], cancelled: Sequence[OutboxDelivery]
    ) -> list[bool]:
        with self._outbox.transaction():
            recorded = self._record(ended)
            self._outbox.release(cancelled)
        return recorded


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
    elif isinstance(answer, AwsAccepted):
        fields["id"] = answer.id
    else:
        fields["error"] = failure(answer)
    level = (
        logging.WARNING
        if isinstance(answer, NotPermitted | NotDerived)
        else logging.INFO
    )
    log.log(level, "delivery attempted", extra=fields)
