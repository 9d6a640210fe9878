"""Number of processes that share the limits of requests."""

import threading
from contextlib import suppress
from datetime import timedelta
from typing import Protocol, Self

from controller.api.auth.periodic import Periodic
from controller.core.errors import ControllerError


class LiveReplicas(Protocol):
    """Heartbeats of the processes."""

    def beat(self) -> int:
        """Record a heartbeat of this process and return how many processes are live."""
        ...

    def leave(self) -> None:
        """Delete the heartbeat of this process."""
        ...


# Longest wait for the first heartbeat: an outage of the store delays no start.
_FIRST_SECONDS = 2.0


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
        self._count = 1
        self._tried = threading.Event()
        self._thread = Periodic("replica heartbeat", self.beat, interval)

    def __call__(self) -> int:
        """Return the number of live processes, at least 1."""
        return self._count

    def start(self) -> Self:
        """Start the thread, and wait for the first heartbeat, at most 2 seconds."""
        self._thread.start()
        self._tried.wait(_FIRST_SECONDS)
        return self

    def beat(self) -> None:
        """Record a heartbeat and keep the number; an outage changes nothing."""
        with suppress(ControllerError):
            self._count = max(1, self._replicas.beat())
        self._tried.set()

    def close(self) -> None:
        """End the thread, and take this process out of the count."""
        self._thread.close()
        with suppress(ControllerError):
            self._replicas.leave()
