"""Token buckets: whether a rate is kept. Time is an argument.

A bucket begins full, loses a token with each request, and fills with time.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

# Time is counted in floats: who waited for a whole token finds a little less.
_WHOLE = 1 - 1e-6


class Rate(NamedTuple):
    """How often something may be asked.

    Attributes:
        burst: How many at once, when nobody asked for a while.
        refill: How many a second after that.
    """

    burst: float
    refill: float


@dataclass(frozen=True, slots=True)
class TokenBucket:
    """What is left of a rate.

    Attributes:
        rate: What is allowed.
        tokens: How many are left.
        at: When that was so, in seconds of a steady clock.
    """

    rate: Rate
    tokens: float
    at: float

    @classmethod
    def full(cls, rate: Rate, now: float) -> "TokenBucket":
        """Return a bucket from which nothing was taken yet."""
        return cls(rate, rate.burst, now)

    def admits(self, now: float) -> tuple["TokenBucket", bool]:
        """Return the bucket with one token less, or as it is if there is none."""
        filled = self._filled(now)
        if filled.tokens < _WHOLE:
            return filled, False
        return replace(filled, tokens=max(0.0, filled.tokens - 1)), True

    def due_in(self, now: float) -> float:
        """Return the seconds until there is a token."""
        return max(0.0, (1 - self._filled(now).tokens) / self.rate.refill)

    def _filled(self, now: float) -> "TokenBucket":
        passed = max(0.0, now - self.at)
        tokens = min(self.rate.burst, self.tokens + passed * self.rate.refill)
        return replace(self, tokens=tokens, at=now)
