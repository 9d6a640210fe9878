"""Number of processes that share the limits of requests."""

import logging
import threading
from contextlib import suppress
from datetime import timedelta
from typing import Protocol, Self

from controller.core.errors import ControllerError

log = logging.getLogger(__name__)


class LiveReplicas(Protocol):
    """Heartbeats of the processes."""

    def beat(self) -> int:
        """Record a heartbeat of this process and return how many processes are live."""
        ...

    def leave(self) -> None:
        """Delete the heartbeat of this process."""
        ...


class ReplicaCount:
    """Thread that records heartbeats and keeps the number; start it, and close it.

    While the store is unavailable, the last number applies: the limits stay as they
    are. A process that starts meanwhile takes itself for the only one.

    Args:
        replicas: Heartbeats of the processes.
        interval: Time between two heartbeats.
    """

    def __init__(self, replicas: LiveReplicas, interval: timedelta) -> None:
        self._replicas = replicas
        self._seconds = interval.total_seconds()
        self._count = 1
        self._ended = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name="replica heartbeat", daemon=True
        )

    def __call__(self) -> int:
        """Return the number of live processes, at least 1."""
        return self._count

    def start(self) -> Self:
        """Record the first heartbeat, and start the thread."""
        self.beat()
        self._thread.start()
        return self

    def beat(self) -> None:
        """Record a heartbeat and keep the number; an outage changes nothing."""
        with suppress(ControllerError):
            self._count = max(1, self._replicas.beat())

    def close(self) -> None:
        """End the thread, and take this process out of the count."""
        self._ended.set()
        self._thread.join()
        with suppress(ControllerError):
            self._replicas.leave()

    def _run(self) -> None:
        while not self._ended.wait(self._seconds):
            try:
                self.beat()
            except Exception:
                log.exception("the heartbeat of this process could not be recorded")
