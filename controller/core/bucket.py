"""Token buckets: how long to wait so that a rate is kept. Time is an argument.

A bucket begins full. Whoever comes when it is empty is told when his token will be
there, and it is his: two who come at the same time are told different times.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

# After a refusal we ask this often: what is left of the account's rate is unknown.
_SLOWEST = 0.5
# For so long, and then more often again within as long.
_HOLD_SECONDS = 30.0
_RECOVERY_SECONDS = 60.0


class Rate(NamedTuple):
    """How often something may be asked.

    Attributes:
        burst: How many at once, when nobody asked for a while.
        refill: How many a second after that.
    """

    burst: float
    refill: float


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is left of a rate.

    Attributes:
        rate: What is allowed.
        tokens: How many are left; below zero are promised.
        at: When that was so, in seconds of a steady clock.
        pace: Share of the refill that we take; below 1 after a refusal.
        held: Until when the pace stays as it is.
    """

    rate: Rate
    tokens: float
    at: float
    pace: float = 1.0
    held: float = 0.0

    @classmethod
    def full(cls, rate: Rate, now: float) -> "Bucket":
        """Return a bucket from which nothing was taken yet."""
        return cls(rate, rate.burst, now)

    def taken(self, now: float) -> tuple["Bucket", float]:
        """Return the bucket with one token less, and the seconds until it is there."""
        filled = self._filled(now)
        left = replace(filled, tokens=filled.tokens - 1)
        return left, max(0.0, -left.tokens / left.refill)

    def admits(self, now: float) -> tuple["Bucket", bool]:
        """Return the bucket with one token less, or as it is if there is none."""
        filled = self._filled(now)
        if filled.tokens < 1:
            return filled, False
        return replace(filled, tokens=filled.tokens - 1), True

    def refused(self, now: float) -> "Bucket":
        """Return the bucket after the other side found that we ask too often.

        Others share the account's buckets: what is left there is not ours to know.
        """
        filled = self._filled(now)
        return replace(
            filled,
            tokens=min(filled.tokens, 0.0),
            pace=min(1.0, _SLOWEST / self.rate.refill),
            held=now + _HOLD_SECONDS,
        )

    @property
    def refill(self) -> float:
        """Tokens a second that we take for now."""
        return self.rate.refill * self.pace

    def _filled(self, now: float) -> "Bucket":
        passed = max(0.0, now - self.at)
        tokens = min(self.rate.burst, self.tokens + passed * self.refill)
        free = min(passed, max(0.0, now - self.held))
        pace = min(1.0, self.pace + free / _RECOVERY_SECONDS)
        return replace(self, tokens=tokens, at=now, pace=pace)
