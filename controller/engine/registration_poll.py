"""Poll of recent registrations that requests a pass for new ones.

Correctness does not depend on it: without it, registrations are only noticed by the
next full observation.
"""

import logging
import threading
from collections.abc import Callable
from datetime import timedelta

from controller.core.errors import DriverError
from controller.core.models.recent_versions import RecentVersion, has_news

log = logging.getLogger(__name__)

# MLflow returns as many versions in a twentieth of the time of a full search.
PAGE = 100


class RegistrationPoll:
    """Poll of one MLflow server.

    Args:
        recent: Returns as many of the most recently updated versions; raises DriverError.
        interval: Returns the time between two polls; None while none is needed.
        request_pass: Requests a pass; may be called from any thread.
    """

    def __init__(
        self,
        recent: Callable[[int], tuple[RecentVersion, ...]],
        interval: Callable[[], timedelta | None],
        request_pass: Callable[[], None],
    ) -> None:
        self._recent = recent
        self._interval = interval
        self._request_pass = request_pass
        self._before: tuple[RecentVersion, ...] | None = None

    def run(self, stopping: threading.Event) -> None:
        """Poll until stopped; the caller does not wait for a request in progress."""
        while not stopping.is_set():
            interval = self._interval()
            if interval is not None:
                self.once(stopping)
            stopping.wait((interval or timedelta(seconds=1)).total_seconds())

    def once(self, stopping: threading.Event) -> None:
        """Poll once. The pass that an outage affects reports the outage."""
        try:
            recent = self._recent(PAGE)
        except DriverError as error:
            log.debug("registrations not readable", extra={"error": str(error)})
            return
        if stopping.is_set():
            return
        if has_news(self._before, recent, PAGE):
            self._request_pass()
        self._before = recent
