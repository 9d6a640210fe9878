"""Successes and failures in a sliding window."""

from dataclasses import dataclass, field

_BUCKETS = 10


@dataclass(slots=True)
class Window:
    """Counts of the last ``seconds``, in buckets; older ones are left out.

    Attributes:
        seconds: Length of the window.
    """

    seconds: float = 300.0
    _counts: dict[int, list[int]] = field(default_factory=dict)

    def add(self, now: float, *, success: bool) -> None:
        """Count one result at monotonic time ``now``."""
        bucket = self._bucket(now)
        counts = self._counts.get(bucket)
        if counts is None:
            self._counts = {
                b: c for b, c in self._counts.items() if b > bucket - _BUCKETS
            }
            counts = self._counts.setdefault(bucket, [0, 0])
        counts[not success] += 1

    def totals(self, now: float) -> tuple[int, int]:
        """Return the numbers of all results and of failures at ``now``."""
        oldest = self._bucket(now) - _BUCKETS
        recent = [c for b, c in tuple(self._counts.items()) if b > oldest]
        failed = sum(counts[1] for counts in recent)
        return failed + sum(counts[0] for counts in recent), failed

    def _bucket(self, now: float) -> int:
        return int(now * _BUCKETS // self.seconds)


def failure_share(totals: tuple[int, int]) -> float:
    """Return the share of failures; 0 without results."""
    count, failed = totals
    return failed / count if count else 0.0
