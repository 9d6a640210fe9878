"""A clock that only tests advance."""

from datetime import UTC, datetime, timedelta

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


class StoppedClock:
    """Clock that tests advance; ``sleep`` advances it too."""

    def __init__(self, now: datetime = NOON) -> None:
        self._now = now
        self._monotonic = 0.0

    def now(self) -> datetime:
        """Return the current time of the clock."""
        return self._now

    def monotonic(self) -> float:
        """Return the seconds by which the clock was advanced."""
        return self._monotonic

    def sleep(self, seconds: float) -> None:
        """Advance the clock by ``seconds`` and return at once."""
        self.forward(seconds)

    def forward(self, seconds: float) -> None:
        """Advance the clock by ``seconds``."""
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds
