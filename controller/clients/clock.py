"""The real clock: the one place where time is read."""

import time
from datetime import UTC, datetime


class SystemClock:
    """The machine's own clock; see ``core.clock.Clock``."""

    def now(self) -> datetime:
        """Return the time, aware and in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never go backwards."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Return after ``seconds``."""
        time.sleep(max(0.0, seconds))
