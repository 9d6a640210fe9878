"""Report of an outage of the store: one log line at its start, one at its end."""

import logging
import threading
from collections.abc import Callable
from datetime import timedelta

from controller.core.clock import Clock
from controller.core.errors import StoreUnavailableError

log = logging.getLogger(__name__)


class StoreOutage:
    """The present outage of the store, as its users notice it.

    An outage of writes ends with a write: during a failover a former primary may still
    be read.

    Args:
        clock: Clock; only its monotonic time is used.
        begun: Called at the start of each outage.
    """

    def __init__(self, clock: Clock, begun: Callable[[], None] = lambda: None) -> None:
        self._clock = clock
        self._begun = begun
        self._lock = threading.Lock()
        self._since = 0.0
        self._failing: dict[str, str] = {}

    def reason(self) -> str:
        """Return the latest error of the present outage; nothing between outages."""
        with self._lock:
            return next(iter(self._failing.values()), "")

    def failed(self, operation: str, error: StoreUnavailableError) -> None:
        """Note that ``operation`` failed, and log the start of an outage."""
        with self._lock:
            started = not self._failing
            self._failing[operation] = str(error)
            if started:
                self._since = self._clock.monotonic()
        if started:
            self._begun()
            log.warning("store unavailable", extra={"error": str(error)})

    def succeeded(self, operation: str) -> None:
        """Note that ``operation`` succeeded, and log the end of an outage."""
        if not self._failing:
            return
        with self._lock:
            ended = bool(self._failing)
            self._failing.pop(operation, None)
            if operation == WRITTEN:
                self._failing.clear()
            ended = ended and not self._failing
            took = timedelta(seconds=self._clock.monotonic() - self._since)
        if ended:
            seconds = round(took.total_seconds(), 1)
            log.info("store available again", extra={"seconds": seconds})


READ, WRITTEN = "read", "written"
