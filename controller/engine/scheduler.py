"""APScheduler, used to wake the loop and for nothing else.

Correctness never rests on a tick: a tick that is lost or late only makes a pass
come later, and every pass looks at everything.
"""

from collections.abc import Callable
from datetime import timedelta

from apscheduler.schedulers.background import BackgroundScheduler

from controller.core.clock import Clock

_NEXT = "next pass"


class WakeUpTimer:
    """Calls back once after a while, or again and again. Stop it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # A late tick is as good as one in time, and several are as good as one.
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
        """Call ``ring`` after ``delay``, instead of when it was to be called."""
        when = self._clock.now() + delay
        self._scheduler.add_job(
            ring, "date", run_date=when, id=_NEXT, replace_existing=True
        )

    def every(self, interval: timedelta, ring: Callable[[], None]) -> None:
        """Call ``ring`` every ``interval`` until stopped."""
        self._scheduler.add_job(ring, "interval", seconds=interval.total_seconds())

    def stop(self) -> None:
        """Call nobody any more."""
        self._scheduler.shutdown(wait=False)
