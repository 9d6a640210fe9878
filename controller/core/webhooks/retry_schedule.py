"""Retry schedule of webhook deliveries, as pure decisions."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from controller.core.rates.retry import jitter
from controller.core.values.counts import counted
from controller.core.webhooks.answers import (
    Answer,
    Answered,
    AnswerMeaning,
    failure,
    meaning_of,
)
from controller.core.webhooks.delivery import (
    Dead,
    DeadCause,
    Delivered,
    NextStep,
    RetryAt,
    TargetGone,
)

# Before the next attempt after 429 without Retry-After, at least.
_POSTPONED = 5.0


@dataclass(frozen=True, slots=True)
class RetrySchedule:
    """Delays between the attempts at one delivery.

    Attributes:
        delays: Seconds before the second, third … attempt.
        spread: Fraction of a delay by which it may be shorter or longer.
    """

    delays: tuple[float, ...]
    spread: float = 0.2

    @classmethod
    def doubling(
        cls,
        retries: int,
        first: float,
        tail: tuple[float, ...] = (),
        spread: float = 0.2,
    ) -> "RetrySchedule":
        """Return delays that start at ``first`` seconds and double, and then ``tail``."""
        base = tuple(first * 2**number for number in range(retries))
        return cls((*base, *tail), spread)

    @property
    def length(self) -> timedelta:
        """Time from the first attempt to the last one, without jitter."""
        return timedelta(seconds=sum(self.delays))

    def delay(self, failures: int, key: str) -> timedelta:
        """Return the delay after ``failures`` in a row, with the jitter of ``key``."""
        base = self.delays[min(failures, len(self.delays)) - 1] if self.delays else 0
        spread = base * self.spread * (2 * jitter(key, failures) - 1)
        return timedelta(seconds=base + spread)


@dataclass(frozen=True, slots=True)
class DeliveryProgress:
    """Position of a delivery in its schedule, before the outcome of an attempt.

    Attributes:
        charged: Number of earlier attempts that count against the schedule.
        begun: Start of the schedule: the announcement, or the last redrive.
        is_probe: True if the attempt only probes a receiver that fails: it does not
            count, and the schedule ends after its length.
    """

    charged: int
    begun: datetime
    is_probe: bool = False


def after_attempt(
    schedule: RetrySchedule,
    answer: Answer,
    progress: DeliveryProgress,
    now: datetime,
    key: str,
) -> NextStep:
    """Return the step after an attempt with ``answer``.

    Args:
        schedule: Schedule of the target.
        answer: Answer of the receiver.
        progress: Position before this attempt.
        now: Time of the answer.
        key: Identity of the delivery, for the jitter.
    """
    match meaning_of(answer):
        case AnswerMeaning.ACCEPTED:
            return Delivered()
        case AnswerMeaning.REFUSED:
            reason = failure(answer)
            if isinstance(answer, Answered):
                reason = f"{reason}: it refuses this event"
            return Dead(reason, DeadCause.REFUSED)
        case AnswerMeaning.GONE:
            return TargetGone(f"{failure(answer)}: it wants no events any more")
        case AnswerMeaning.NOT_PERMITTED:
            # The target as a whole pauses; see `core.webhooks.breaker.after_block`.
            return RetryAt(now, is_charged=False)
        case AnswerMeaning.POSTPONED:
            return _postponed(schedule, answer, progress, now, key)
        case AnswerMeaning.TRANSIENT:
            return _failed(schedule, answer, progress, now, key)


def has_expired(schedule: RetrySchedule, begun: datetime, now: datetime) -> bool:
    """Return True if a schedule that began at ``begun`` is over."""
    return now - begun >= schedule.length


def _postponed(
    schedule: RetrySchedule,
    answer: Answer,
    progress: DeliveryProgress,
    now: datetime,
    key: str,
) -> NextStep:
    """Return the step after an answer that asks for time."""
    if schedule.delays and has_expired(schedule, progress.begun, now):
        return _exhausted(answer, now - progress.begun)
    asked = answer.retry_after if isinstance(answer, Answered) else None
    if asked is None:
        asked = max(
            _POSTPONED, schedule.delay(progress.charged + 1, key).total_seconds()
        )
    return RetryAt(now + timedelta(seconds=asked), is_charged=False)


def _failed(
    schedule: RetrySchedule,
    answer: Answer,
    progress: DeliveryProgress,
    now: datetime,
    key: str,
) -> NextStep:
    """Return the step after a failure that may pass."""
    failures = progress.charged + 1
    if progress.is_probe:
        if has_expired(schedule, progress.begun, now):
            return _exhausted(answer, now - progress.begun)
        return RetryAt(now, is_charged=False)
    if failures > len(schedule.delays):
        reason = (
            f"{counted(failures, 'attempt')} failed; last failure: {failure(answer)}"
        )
        return Dead(reason)
    return RetryAt(now + schedule.delay(failures, key))


def _exhausted(answer: Answer, age: timedelta) -> Dead:
    hours = age / timedelta(hours=1)
    return Dead(f"not accepted within {hours:.1f} h; last failure: {failure(answer)}")
