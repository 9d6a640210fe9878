"""Next step of a webhook delivery after an attempt, as a pure decision."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from controller.core.rates.retry import jitter
from controller.core.values.counts import counted

OK = range(200, 300)
# Responses of a gateway whose backend may have received the request.
GATEWAY = frozenset({502, 504})
# Responses that a retry would not change.
PERMANENT = frozenset({400, 401, 403, 404, 405, 406, 409, 410, 411, 413, 414, 415, 422})


class DeliveryState(StrEnum):
    """State of a delivery; completes "it is ..."."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class DeliveryPolicy:
    """Retry schedule of one target.

    Attributes:
        delays: Seconds before the second, third … attempt.
        spread: Fraction of a delay by which it may be shorter or longer.
    """

    delays: tuple[float, ...]
    spread: float = 0.2

    @classmethod
    def doubling(
        cls, retries: int, first: float, spread: float = 0.2
    ) -> "DeliveryPolicy":
        """Return a schedule with delays that start at ``first`` seconds and double."""
        return cls(tuple(first * 2**number for number in range(retries)), spread)


@dataclass(frozen=True, slots=True)
class Answered:
    """The receiver responded.

    Attributes:
        status: HTTP status.
        retry_after: Seconds of its Retry-After header, if there was one.
    """

    status: int
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Unanswered:
    """No response: connection refused, timeout, cut off, or invalid certificate.

    Attributes:
        error: Cause.
        is_sent: True if the request may have arrived, as after a timeout.
    """

    error: str
    is_sent: bool = False


Answer: TypeAlias = Answered | Unanswered


@dataclass(frozen=True, slots=True)
class Delivered:
    """The receiver accepted the event."""


@dataclass(frozen=True, slots=True)
class RetryAt:
    """The delivery is retried at ``at``."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Dead:
    """The delivery is not retried automatically."""

    reason: str


NextStep: TypeAlias = Delivered | RetryAt | Dead


def after_attempt(
    policy: DeliveryPolicy, answer: Answer, attempt: int, now: datetime, key: str
) -> NextStep:
    """Return the step after attempt number ``attempt``, counted from 1."""
    match answer:
        case Answered(status) if status in OK:
            return Delivered()
        case Answered(status) if status in PERMANENT:
            return Dead(
                f"the receiver responded with {status}, which a retry would not change"
            )
        case Answered(status, retry_after):
            reason = f"the receiver responded with {status}"
            wait = retry_after or 0.0
        case Unanswered(error=error):
            reason, wait = error, 0.0
    if attempt > len(policy.delays):
        return Dead(f"{counted(attempt, 'attempt')} failed; last failure: {reason}")
    base = policy.delays[attempt - 1]
    spread = base * policy.spread * (2 * jitter(key, attempt) - 1)
    return RetryAt(now + timedelta(seconds=max(base + spread, wait)))
