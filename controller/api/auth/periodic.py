"""Thread that repeats a short action."""

import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Self

log = logging.getLogger(__name__)


class Periodic:
    """Thread that calls an action again and again; close it.

    An error of the action is logged and ends nothing.

    Args:
        name: Name of the thread.
        action: Action; it blocks the thread only.
        interval: Time between the end of a call and the next one.
    """

    def __init__(
        self, name: str, action: Callable[[], object], interval: timedelta
    ) -> None:
        self._name = name
        self._action = action
        self._seconds = interval.total_seconds()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> Self:
        """Start the thread; the first call is at once."""
        self._thread.start()
        return self

    def close(self) -> None:
        """End the thread after the call in progress."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                self._action()
            except Exception:
                log.exception("periodic action failed", extra={"action": self._name})
            self._ended.wait(self._seconds)
