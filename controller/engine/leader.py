"""One writer at a time: take the lease, keep it, and know when it is lost."""

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
# Often enough that two renewals may fail before the lease runs out.
_RENEWALS = 5


def process_name() -> str:
    """Return the name under which this process holds leases and claims."""
    return f"{socket.gethostname()}:{os.getpid()}"


class Leader:
    """Holds the lease for as long as it can.

    One thread takes, keeps and releases it; any thread may ask whether it is held.
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

    def holding(self) -> bool:
        """Whether the lease is surely ours still.

        By this machine's steady clock: a process that was stopped for a while and
        goes on must not act on what it held before.
        """
        return self._clock.monotonic() < self._until

    def take(self) -> LeaseHeld | None:
        """Take the lease; return who has it if it cannot be had."""
        asked = self._clock.monotonic()
        claim = self._leases.acquire(LEASE, self._holder, self._ttl)
        if isinstance(claim, LeaseHeld):
            return claim
        self._lease, self._until = claim, asked + self._ttl.total_seconds()
        self._leases.fence(claim)
        return None

    def wait(self, stopping: threading.Event) -> bool:
        """Wait until the lease is ours; return whether it is, or we were stopped."""
        pause = self._ttl.total_seconds() / _RENEWALS
        told = False
        while not stopping.is_set():
            held = self.take()
            if held is None:
                return True
            if not told:
                log.info("waiting for the lease", extra={"holder": held.holder})
                told = True
            stopping.wait(pause)
        return False

    def keep(self, stopping: threading.Event, lost: Callable[[], None]) -> None:
        """Renew the lease until stopped; call ``lost`` once if somebody else has it.

        A store that cannot be reached is the same as a lost lease once the lease
        has run out: somebody else may have it by then.
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
        """Give the lease back, so that the next holder need not wait."""
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
