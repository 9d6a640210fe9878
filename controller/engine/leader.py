"""One writer at a time: take the lease, keep it, and know when it is lost."""

import logging
import os
import socket
import threading
from collections.abc import Callable
from datetime import timedelta

from controller.core.errors import ControllerError
from controller.store.lease import Held, Lease, Leases

log = logging.getLogger(__name__)

LEASE = "controller"
TTL = timedelta(seconds=15)
# Often enough that two renewals may fail before the lease runs out.
_RENEWALS = 5


def process_name() -> str:
    """Return the name under which this process holds leases and claims."""
    return f"{socket.gethostname()}:{os.getpid()}"


class Leader:
    """Holds the lease for as long as it can. Not for use in several threads."""

    def __init__(self, leases: Leases, holder: str, ttl: timedelta = TTL) -> None:
        self._leases = leases
        self._holder = holder
        self._ttl = ttl
        self._lease: Lease | None = None

    def take(self) -> Held | None:
        """Take the lease; return who has it if it cannot be had."""
        claim = self._leases.acquire(LEASE, self._holder, self._ttl)
        if isinstance(claim, Held):
            return claim
        self._lease = claim
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
        if self._lease is not None:
            self._leases.release(self._lease)
            self._lease = None

    def _renew(self) -> bool:
        if self._lease is None:
            return False
        self._lease = self._leases.renew(self._lease, self._ttl)
        return self._lease is not None
