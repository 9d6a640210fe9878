"""Timer based on APScheduler, which only wakes the loop.

Correctness does not depend on it: a lost or late tick only delays a pass, and every
pass observes everything.
"""

import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from controller.core.clock import Clock

_NEXT = "next pass"
# APScheduler's time of a job may differ from the monotonic clock by so much.
_TOLERANCE = timedelta(seconds=0.5)


class WakeUpTimer:
    """Timer that calls back once or repeatedly, until it is stopped.

    It follows the monotonic clock: a wall clock that is set forward or back neither
    delays a callback nor brings it forward.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # A late tick still counts, and several missed ones count as one.
        self._scheduler = _MonotonicScheduler(
            clock,
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
        trigger = _MonotonicTrigger(self._clock, delay, repeats=False)
        self._scheduler.add_job(ring, trigger, id=_NEXT, replace_existing=True)

    def every(self, interval: timedelta, ring: Callable[[], None]) -> None:
        """Call ``ring`` every ``interval`` until stopped."""
        trigger = _MonotonicTrigger(self._clock, interval, repeats=True)
        self._scheduler.add_job(ring, trigger)

    def stop(self) -> None:
        """Stop all callbacks."""
        self._scheduler.shutdown(wait=False)


class _MonotonicTrigger(BaseTrigger):  # type: ignore[misc]
    """Trigger that is due by the monotonic clock.

    APScheduler compares wall-clock times; ``due_at`` translates the due time.
    """

    def __init__(self, clock: Clock, delay: timedelta, *, repeats: bool) -> None:
        self._clock = clock
        self._delay = delay
        self._repeats = repeats
        self._due = clock.monotonic() + delay.total_seconds()

    def due_at(self, now: datetime) -> datetime:
        """Return the due time by a wall clock that shows ``now``."""
        return now + timedelta(seconds=self.left())

    def left(self) -> float:
        """Return the seconds until the due time, at least 0."""
        return max(self._due - self._clock.monotonic(), 0.0)

    def get_next_fire_time(
        self, previous: datetime | None, now: datetime
    ) -> datetime | None:
        """Return the first due time, or the next one after a callback."""
        if previous is not None:
            if not self._repeats:
                return None
            self._due = self._clock.monotonic() + self._delay.total_seconds()
        return self.due_at(now)


class _MonotonicScheduler(BackgroundScheduler):  # type: ignore[misc]
    """Scheduler that corrects its jobs when the wall clock was set.

    Its thread waits for the due times by the monotonic clock, and corrects the
    wall-clock times of the jobs each time it wakes.
    """

    def __init__(self, clock: Clock, **options: Any) -> None:
        super().__init__(**options)
        self._clock = clock

    def _process_jobs(self) -> float | None:
        with self._jobstores_lock:
            for jobstore in self._jobstores.values():
                for job in jobstore.get_all_jobs():
                    self._correct(job, jobstore)
        # A stop in between makes APScheduler miss a job that it has just run.
        with contextlib.suppress(JobLookupError):
            super()._process_jobs()
        # Its result was read from the wall clock, which may be set at any moment.
        return min((job.trigger.left() for job in self.get_jobs()), default=None)

    def _correct(self, job: Any, jobstore: Any) -> None:
        """Move ``job`` to its due time, if the wall clock was set since."""
        due = job.trigger.due_at(self._clock.now())
        if abs(due - job.next_run_time) > _TOLERANCE:
            job._modify(next_run_time=due)  # noqa: SLF001 - `modify` has no store here
            jobstore.update_job(job)
