"""Clock protocol: time as an argument."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Source of the current time, with a method to wait."""

    def now(self) -> datetime:
        """Return the current time, aware and in UTC."""
        ...

    def monotonic(self) -> float:
        """Return monotonic seconds; only differences are meaningful."""
        ...

    def sleep(self, seconds: float) -> None:
        """Return after ``seconds``."""
        ...
