"""A clock that moves only when told to."""

from datetime import UTC, datetime, timedelta

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


class StoppedClock:
    """Tells a time that tests move; sleeping moves it too."""

    def __init__(self, now: datetime = NOON) -> None:
        self._now = now
        self._monotonic = 0.0

    def now(self) -> datetime:
        """Return the time it was set to."""
        return self._now

    def monotonic(self) -> float:
        """Return the seconds it was moved so far."""
        return self._monotonic

    def sleep(self, seconds: float) -> None:
        """Move on by ``seconds`` at once."""
        self.forward(seconds)

    def forward(self, seconds: float) -> None:
        """Move on by ``seconds``."""
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds
