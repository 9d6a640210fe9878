"""Reconcile loop: runs a pass whenever one is due or requested."""

import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

from controller.core.errors import ControllerError, StoreUnavailableError

log = logging.getLogger(__name__)


class WakeUp(Protocol):
    """A timer that calls back; see ``engine.scheduler.WakeUpTimer``."""

    def once(self, delay: timedelta, ring: Callable[[], None]) -> None:
        """Call ``ring`` after ``delay``, replacing an earlier request."""
        ...


class ReconcileLoop:
    """Runs passes in the thread that calls ``run``, one at a time."""

    def __init__(
        self,
        reconcile: Callable[[], timedelta],
        alarm: WakeUp,
        after_error: timedelta,
    ) -> None:
        """Prepare the loop.

        Args:
            reconcile: Runs one pass and returns the time until the next.
            alarm: Timer for the next pass.
            after_error: Time until the next pass after one that failed.
        """
        self._reconcile = reconcile
        self._alarm = alarm
        self._after_error = after_error
        self._problem = ""
        self._woken = threading.Event()
        self._stopping = threading.Event()

    def wake(self) -> None:
        """Request a pass. May be called from any thread, at any time."""
        self._woken.set()

    def stop(self) -> None:
        """End the loop after the pass in progress."""
        self._stopping.set()
        self._woken.set()

    def run(self) -> None:
        """Run passes until stopped."""
        while not self._stopping.is_set():
            self._woken.clear()
            pause = self._pass()
            if self._stopping.is_set():
                return
            self._alarm.once(pause, self.wake)
            self._woken.wait()

    def _pass(self) -> timedelta:
        try:
            pause = self._reconcile()
        except StoreUnavailableError as error:
            # The outage of the store is reported once, for all its users.
            log.debug("pass ended early", extra={"error": str(error)})
        except ControllerError as error:
            self._report(error)
        except Exception:
            log.exception("a pass failed")
        else:
            self._problem = ""
            return pause
        return self._after_error

    def _report(self, error: ControllerError) -> None:
        if str(error) != self._problem:
            self._problem = str(error)
            log.error("pass ended early", extra={"error": str(error)})
