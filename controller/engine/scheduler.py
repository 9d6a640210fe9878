"""Timer based on APScheduler, which only wakes the loop.

Correctness does not depend on it: a lost or late tick only delays a pass, and every
pass observes everything.
"""

from collections.abc import Callable
from datetime import timedelta

from apscheduler.schedulers.background import BackgroundScheduler

from controller.core.clock import Clock

_NEXT = "next pass"


class WakeUpTimer:
    """Timer that calls back once or repeatedly, until it is stopped."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # A late tick still counts, and several missed ones count as one.
        self._scheduler = BackgroundScheduler(
            timezone="UTC",
            job_defaults={
                "coalesce": True,
                "max_instances": 1,
                "misfire_grace_time": None,
            },
        )
        self._scheduler.start()

    def once(self, delay: timedelta, ring: Callable[[], None]) -> None:
        """Call ``ring`` after ``delay``, replacing an earlier request."""
        when = self._clock.now() + delay
        self._scheduler.add_job(
            ring, "date", run_date=when, id=_NEXT, replace_existing=True
        )

    def every(self, interval: timedelta, ring: Callable[[], None]) -> None:
        """Call ``ring`` every ``interval`` until stopped."""
        self._scheduler.add_job(ring, "interval", seconds=interval.total_seconds())

    def stop(self) -> None:
        """Stop all callbacks."""
        self._scheduler.shutdown(wait=False)
