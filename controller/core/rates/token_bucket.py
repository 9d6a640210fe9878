"""Token buckets. Time is an argument.

A bucket starts full, loses a token with each request, and refills with time.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

# Rounding of floats: after the wait for one token there may be slightly less.
_WHOLE = 1 - 1e-6


class Rate(NamedTuple):
    """Limit on the frequency of requests.

    Attributes:
        burst: Number of requests at once after an idle time.
        refill: Requests per second after that.
    """

    burst: float
    refill: float


@dataclass(frozen=True, slots=True)
class TokenBucket:
    """State of a token bucket.

    Attributes:
        rate: Limit.
        tokens: Number of tokens left at ``at``.
        at: Time in seconds of a monotonic clock.
    """

    rate: Rate
    tokens: float
    at: float

    @classmethod
    def full(cls, rate: Rate, now: float) -> "TokenBucket":
        """Return a full bucket."""
        return cls(rate, rate.burst, now)

    def admits(self, now: float) -> tuple["TokenBucket", bool]:
        """Return the bucket after a request, and True if the request is admitted."""
        filled = self._filled(now)
        if filled.tokens < _WHOLE:
            return filled, False
        return replace(filled, tokens=max(0.0, filled.tokens - 1)), True

    def due_in(self, now: float) -> float:
        """Return the seconds until a token is available."""
        return max(0.0, (1 - self._filled(now).tokens) / self.rate.refill)

    def _filled(self, now: float) -> "TokenBucket":
        passed = max(0.0, now - self.at)
        tokens = min(self.rate.burst, self.tokens + passed * self.rate.refill)
        return replace(self, tokens=tokens, at=now)
