"""Pass after pass, each as soon as it is due or somebody asks for it."""

import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

log = logging.getLogger(__name__)


class WakeUp(Protocol):
    """Something that calls back after a while; see ``engine.scheduler.Alarm``."""

    def once(self, delay: timedelta, ring: Callable[[], None]) -> None:
        """Call ``ring`` after ``delay``, instead of when it was to be called."""
        ...


class ReconcileLoop:
    """Runs passes in the thread that calls ``run``, one at a time."""

    def __init__(
        self,
        reconcile: Callable[[], timedelta],
        alarm: WakeUp,
        after_error: timedelta,
    ) -> None:
        """Keep what is needed.

        Args:
            reconcile: Does one pass and returns when the next is due.
            alarm: Wakes the loop then.
            after_error: When the next pass is due if one broke off.
        """
        self._reconcile = reconcile
        self._alarm = alarm
        self._after_error = after_error
        self._woken = threading.Event()
        self._stopping = threading.Event()

    def wake(self) -> None:
        """Ask for a pass soon. May be called from any thread, at any time."""
        self._woken.set()

    def stop(self) -> None:
        """Ask the loop to end after the pass that is under way."""
        self._stopping.set()
        self._woken.set()

    def run(self) -> None:
        """Run passes until stopped."""
        while not self._stopping.is_set():
            self._woken.clear()
            self._alarm.once(self._pass(), self.wake)
            self._woken.wait()

    def _pass(self) -> timedelta:
        try:
            return self._reconcile()
        except Exception:
            log.exception("a pass broke off")
            return self._after_error
