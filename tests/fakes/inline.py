"""An executor that runs tasks at once, and a clock that tests advance."""

from concurrent.futures import Executor, Future
from datetime import UTC, datetime, timedelta


class InlinePool(Executor):
    """Runs each task in the caller's thread, in the order of submission."""

    def submit(self, fn, /, *args, **kwargs):
        future: Future = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - an executor stores every error
            future.set_exception(error)
        return future


class SteppedClock:
    """Clock that only ``sleep`` advances."""

    def __init__(self, now=datetime(2026, 1, 1, 12, tzinfo=UTC)):
        self._start = now
        self._elapsed = 0.0
        self.slept = []

    def now(self):
        return self._start + timedelta(seconds=self._elapsed)

    def monotonic(self):
        return self._elapsed

    def sleep(self, seconds):
        self.slept.append(seconds)
        self._elapsed += seconds
