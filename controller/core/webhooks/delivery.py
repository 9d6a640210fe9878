"""What becomes of a webhook delivery after an attempt: a decision, not a loop."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from controller.core.rates.retry import jitter

OK = range(200, 300)
# An answer that will be the same next time; all else may pass.
PERMANENT = frozenset({400, 401, 403, 404, 405, 406, 409, 410, 411, 413, 414, 415, 422})


class DeliveryState(StrEnum):
    """Where a delivery stands; completes "it is ..."."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class DeliveryPolicy:
    """Retry schedule of one target.

    Attributes:
        delays: Seconds before the second, third … attempt.
        spread: Share of a delay by which it may be shorter or longer.
    """

    delays: tuple[float, ...]
    spread: float = 0.2

    @classmethod
    def doubling(
        cls, retries: int, first: float, spread: float = 0.2
    ) -> "DeliveryPolicy":
        """Return a schedule whose delays begin with ``first`` seconds and double."""
        return cls(tuple(first * 2**number for number in range(retries)), spread)


@dataclass(frozen=True, slots=True)
class Answered:
    """The receiver answered.

    Attributes:
        status: HTTP status.
        retry_after: Seconds it asked us to wait, if it did.
    """

    status: int
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Unanswered:
    """No answer came: refused, timed out, cut off, or not to be verified."""

    error: str


Answer: TypeAlias = Answered | Unanswered


@dataclass(frozen=True, slots=True)
class Delivered:
    """The receiver has it."""


@dataclass(frozen=True, slots=True)
class RetryAt:
    """Try again then."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Dead:
    """Nothing more is tried without a person."""

    reason: str


NextStep: TypeAlias = Delivered | RetryAt | Dead


def after_attempt(
    policy: DeliveryPolicy, answer: Answer, attempt: int, now: datetime, key: str
) -> NextStep:
    """Return what follows attempt number ``attempt``, counted from 1."""
    match answer:
        case Answered(status) if status in OK:
            return Delivered()
        case Answered(status) if status in PERMANENT:
            return Dead(
                f"the receiver answered {status}, which repeating will not mend"
            )
        case Answered(status, retry_after):
            why, wait = f"the receiver answered {status}", retry_after or 0.0
        case Unanswered(error):
            why, wait = error, 0.0
    if attempt > len(policy.delays):
        return Dead(f"{attempt} attempts failed; the last: {why}")
    base = policy.delays[attempt - 1]
    spread = base * policy.spread * (2 * jitter(key, attempt) - 1)
    return RetryAt(now + timedelta(seconds=max(base + spread, wait)))
