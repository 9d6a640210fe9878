"""Leader election: acquire the lease, renew it, and notice when it is lost."""

import logging
import os
import socket
import threading
from collections.abc import Callable
from datetime import timedelta
from math import inf

from controller.core.clock import Clock
from controller.core.errors import ControllerError
from controller.store.lease import Lease, LeaseHeld, Leases

log = logging.getLogger(__name__)

LEASE = "controller"
TTL = timedelta(seconds=15)
# Renewals per lease time; several may fail before the lease expires.
_RENEWALS = 5


def process_name() -> str:
    """Return the name of this process on leases and claims."""
    return f"{socket.gethostname()}:{os.getpid()}"


class Leader:
    """Holder of the lease.

    One thread acquires, renews and releases it; any thread may call ``is_leader``.
    """

    def __init__(
        self, leases: Leases, holder: str, clock: Clock, ttl: timedelta = TTL
    ) -> None:
        self._leases = leases
        self._holder = holder
        self._clock = clock
        self._ttl = ttl
        self._lease: Lease | None = None
        self._until = -inf

    def is_leader(self) -> bool:
        """Return True if this process certainly still holds the lease.

        Uses the monotonic clock: a process that was paused must not act on a lease that
        expired meanwhile.
        """
        return self._clock.monotonic() < self._until

    def take(self) -> LeaseHeld | None:
        """Acquire the lease; return its holder if another process holds it."""
        asked = self._clock.monotonic()
        claim = self._leases.acquire(LEASE, self._holder, self._ttl)
        if isinstance(claim, LeaseHeld):
            return claim
        self._lease, self._until = claim, asked + self._ttl.total_seconds()
        self._leases.fence(claim)
        return None

    def wait(self, stopping: threading.Event) -> bool:
        """Wait for the lease; return True once it is acquired, False if stopped."""
        pause = self._ttl.total_seconds() / _RENEWALS
        logged = False
        while not stopping.is_set():
            held = self.take()
            if held is None:
                return True
            if not logged:
                log.info("waiting for the lease", extra={"holder": held.holder})
                logged = True
            stopping.wait(pause)
        return False

    def keep(self, stopping: threading.Event, lost: Callable[[], None]) -> None:
        """Renew the lease until stopped; call ``lost`` once if it is lost.

        If the store cannot be reached until the lease has expired, it counts as lost:
        another process may hold it by then.
        """
        pause = self._ttl.total_seconds() / _RENEWALS
        failures = 0
        while not stopping.wait(pause):
            try:
                renewed = self._renew()
                failures = 0
            except ControllerError as error:
                failures += 1
                log.warning("lease not renewed", extra={"error": str(error)})
                renewed = failures < _RENEWALS - 1
            if not renewed:
                log.error("lease lost", extra={"holder": self._holder})
                lost()
                return

    def release(self) -> None:
        """Release the lease, so that the next holder need not wait for its expiry."""
        self._until = -inf
        if self._lease is not None:
            self._leases.release(self._lease)
            self._lease = None

    def _renew(self) -> bool:
        if self._lease is None:
            return False
        asked = self._clock.monotonic()
        self._lease = self._leases.renew(self._lease, self._ttl)
        renewed = self._lease is not None
        self._until = asked + self._ttl.total_seconds() if renewed else -inf
        return renewed
