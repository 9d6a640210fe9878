"""Retry decisions: pure functions, without a loop."""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from controller.core.errors import DriverError, OutcomeUnknownError, PermanentError

# More doublings would overflow before the cap is applied.
_MOST_DOUBLINGS = 30


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Number of attempts, and the delays between them."""

    attempts: int = 5
    initial: timedelta = timedelta(seconds=1)
    maximum: timedelta = timedelta(minutes=5)


def next_delay(
    policy: RetryPolicy, error: DriverError, attempt: int, key: str
) -> timedelta | None:
    """Return the delay before ``attempt + 1``, or None to give up.

    A call with unknown outcome is not repeated: the next pass reads the live state and
    decides again.
    """
    if isinstance(error, PermanentError | OutcomeUnknownError):
        return None
    if attempt >= policy.attempts:
        return None
    return backoff(policy, attempt, key)


def backoff(policy: RetryPolicy, failures: int, key: str) -> timedelta:
    """Return the delay after ``failures`` in a row: doubled, capped, with jitter."""
    doublings = min(max(failures - 1, 0), _MOST_DOUBLINGS)
    full = min(policy.initial * (1 << doublings), policy.maximum)
    return full * (0.5 + jitter(key, failures) / 2)


def jitter(key: str, attempt: int) -> float:
    """Return a number in [0, 1), the same each time for the same attempt."""
    digest = sha256(f"{key}#{attempt}".encode()).digest()
    return int.from_bytes(digest[:4]) / 2**32
