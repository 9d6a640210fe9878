"""A clock that moves only on request."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 1, tzinfo=UTC)


class SteppedClock:
    """Clock controlled by a test. ``sleep`` advances it and returns at once."""

    def __init__(self, start: datetime = START) -> None:
        self._start = start
        self._now = start

    def now(self) -> datetime:
        """Return the current time of the clock."""
        return self._now

    def monotonic(self) -> float:
        """Return the seconds since the start of the clock."""
        return (self._now - self._start).total_seconds()

    def sleep(self, seconds: float) -> None:
        """Advance the clock by ``seconds``."""
        self.advance(timedelta(seconds=seconds))

    def advance(self, duration: timedelta) -> None:
        """Advance the clock."""
        self._now += duration
