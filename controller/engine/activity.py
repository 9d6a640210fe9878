"""Progress of a thread: the time since it began its present work.

The liveness probe reports a thread that does not come back. An error that a thread
survives, such as a store that is away, is not a reason to end the process.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from controller.core.clock import Clock

# A pass may take this many intervals before it counts as stuck.
_INTERVALS = 3
_LEAST = timedelta(seconds=60)


def stuck_after(interval: timedelta) -> timedelta:
    """Return the time after which a pass counts as stuck, for passes every ``interval``."""
    return max(interval * _INTERVALS, _LEAST)


def stuck_reason(work: str, duration: timedelta, interval: timedelta) -> str:
    """Return the reason if ``work`` has taken too long; empty if it has not.

    Args:
        work: Work as the start of a sentence, as in ``a pass has not ended``.
        duration: Duration so far.
        interval: Time between two passes.
    """
    if duration <= stuck_after(interval):
        return ""
    return f"{work} for {duration.total_seconds():.0f} s"


class Activity:
    """Work of one thread; any thread may ask for its duration.

    Args:
        clock: Clock; only its monotonic time is used.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began: float | None = None

    @contextmanager
    def working(self) -> Iterator[None]:
        """Count the block as one piece of work."""
        self._began = self._clock.monotonic()
        try:
            yield
        finally:
            self._began = None

    def duration(self) -> timedelta:
        """Return the duration of the present work; zero between two pieces of work."""
        began = self._began
        seconds = 0.0 if began is None else self._clock.monotonic() - began
        return timedelta(seconds=seconds)
