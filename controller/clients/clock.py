"""System clock: the only module that reads the time."""

import time
from datetime import UTC, datetime


class SystemClock:
    """Clock of the machine; see ``core.clock.Clock``."""

    def now(self) -> datetime:
        """Return the time, aware and in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds since an arbitrary start; they never decrease."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait ``seconds``; do not wait if they are negative."""
        time.sleep(max(0.0, seconds))
