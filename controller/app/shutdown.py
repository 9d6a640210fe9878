"""End of a long-running process: one deadline for everything that stops."""

import logging
import os
import sys
import threading

from controller.app.threads import started_thread

log = logging.getLogger(__name__)

# ECS, Docker and Kubernetes kill a process 30 s after SIGTERM by default.
STOP_SECONDS = 27.0
_ABNORMAL = 1
_AT_ONCE = 130


class Shutdown:
    """Deadline of a stop: deliveries, passes and threads end side by side before it.

    Attributes:
        asked: Set once a stop was requested; threads may wait for it.

    Args:
        seconds: Seconds from the stop to the deadline.
    """

    def __init__(self, seconds: float = STOP_SECONDS) -> None:
        self.asked = threading.Event()
        self._seconds = seconds

    def begin(self) -> None:
        """Start the deadline; a second call ends the process at once.

        The process ends with code 1 if it still runs at the deadline: a thread may wait
        for a backend that does not answer, and Python waits for its threads.
        """
        if self.asked.is_set():
            os._exit(_AT_ONCE)
        log.info("stopping")
        self.asked.set()
        started_thread("shutdown", self._enforce)

    def _enforce(self) -> None:
        # Nothing sets this event: the wait is the deadline.
        threading.Event().wait(self._seconds)
        names = ", ".join(
            sorted(
                thread.name
                for thread in threading.enumerate()
                if thread is not threading.current_thread()
            )
        )
        log.error("stopped with work in progress", extra={"threads": names})
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(_ABNORMAL)
