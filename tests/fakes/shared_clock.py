"""A clock for several threads that advances when all of them sleep."""

import heapq
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta

from tests.fakes.stopped_clock import NOON


class SharedClock:
    """Clock of the threads that ``run`` starts; no other thread may sleep on it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._awake = 0
        self._sleepers: list[float] = []
        self._seconds = 0.0

    def now(self) -> datetime:
        """Return the time; it starts at noon."""
        return NOON + timedelta(seconds=self._seconds)

    def monotonic(self) -> float:
        """Return the seconds that have passed."""
        return self._seconds

    def sleep(self, seconds: float) -> None:
        """Wait until this sleeper is the next one due and all threads sleep."""
        with self._changed:
            until = self._seconds + max(seconds, 1e-9)
            heapq.heappush(self._sleepers, until)
            self._rest()
            while self._seconds < until:
                self._changed.wait()

    def run(self, *work: Callable[[], object]) -> None:
        """Run all of ``work`` concurrently and wait for it."""
        self._awake = len(work)
        with ThreadPoolExecutor(len(work)) as pool:
            for done in [pool.submit(self._one, task) for task in work]:
                done.result()

    def _one(self, task: Callable[[], object]) -> None:
        with self._leaving():
            task()

    @contextmanager
    def _leaving(self) -> Iterator[None]:
        try:
            yield
        finally:
            with self._changed:
                self._rest()

    def _rest(self) -> None:
        """Count one awake thread less, and advance the clock after the last one."""
        self._awake -= 1
        if self._awake or not self._sleepers:
            return
        self._seconds = self._sleepers[0]
        while self._sleepers and self._sleepers[0] <= self._seconds:
            heapq.heappop(self._sleepers)
            self._awake += 1
        self._changed.notify_all()
