"""Leader election: acquire the lease, renew it, and notice when it is lost."""

import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from math import inf

from controller.core.clock import Clock
from controller.core.errors import ControllerError, TransientError
from controller.engine.activity import Activity
from controller.store.lease import Lease, LeaseHeld, Leases

log = logging.getLogger(__name__)

LEASE = "controller"
TTL = timedelta(seconds=15)
# Renewals per lease time; several may fail before the lease expires.
_RENEWALS = 5


class Leader:
    """Holder of the lease.

    One thread acquires, renews and releases it; any thread may call ``is_leader``.

    Attributes:
        activity: Present use of the store by the thread that renews the lease.

    Args:
        leases: Leases in the store.
        holder: Id of this process, unique among all processes.
        clock: Clock; only its monotonic time is used.
        ttl: Lifetime of the lease after a renewal.
    """

    def __init__(
        self, leases: Leases, holder: str, clock: Clock, ttl: timedelta = TTL
    ) -> None:
        self.activity = Activity(clock)
        self._leases = leases
        self._holder = holder
        self._clock = clock
        self._ttl = ttl
        self._lease: Lease | None = None
        self._until = -inf

    @property
    def pause(self) -> timedelta:
        """Return the time between two renewals or claims."""
        return self._ttl / _RENEWALS

    def is_leader(self) -> bool:
        """Return True if this process certainly still holds the lease.

        Uses the monotonic clock: a process that was paused must not act on a lease that
        expired meanwhile.
        """
        return self._clock.monotonic() < self._until

    def take(self) -> LeaseHeld | None:
        """Acquire the lease; return its holder if another process holds it.

        Raises:
            ControllerError: The store cannot be used.
        """
        asked = self._clock.monotonic()
        claim = self._leases.acquire(LEASE, self._holder, self._ttl)
        if isinstance(claim, LeaseHeld):
            return claim
        self._lease, self._until = claim, asked + self._ttl.total_seconds()
        self._leases.fence(claim)
        return None

    def wait(
        self,
        stopping: threading.Event,
        refused: Callable[[LeaseHeld], None] = lambda _held: None,
    ) -> bool:
        """Wait for the lease; return True once it is acquired, False if stopped.

        Args:
            stopping: Ends the wait.
            refused: Called after each refused claim.

        Raises:
            ControllerError: The store cannot be used.
        """
        holder = ""
        while not stopping.is_set():
            held = self.take()
            if held is None:
                return True
            if held.holder != holder:
                holder = held.holder
                log.info("waiting for the lease", extra={"holder": holder})
            refused(held)
            stopping.wait(self.pause.total_seconds())
        return False

    def keep(
        self,
        stopping: threading.Event,
        lost: Callable[[str], None],
        stalled: Callable[[], str] = lambda: "",
    ) -> None:
        """Renew the lease until stopped; call ``lost`` once with a reason if it is lost.

        If the store cannot be reached until the lease has expired, it counts as lost:
        another process may hold it by then.

        Args:
            stopping: Ends the renewals.
            lost: Receives the reason of the loss.
            stalled: Returns the reason why this process must give up the lease, or
                nothing. The lease then expires: a call to a backend may be under way.
        """
        while not stopping.wait(self.pause.total_seconds()):
            reason = stalled() or self._failure()
            if reason:
                self._until = -inf
                log.error("lease lost", extra={"holder": self._holder, "error": reason})
                lost(reason)
                return

    def release(self) -> None:
        """Release the lease, so that the next holder need not wait for its expiry.

        A store that cannot be used leaves it to expire.
        """
        self._until = -inf
        lease, self._lease = self._lease, None
        if lease is None:
            return
        try:
            self._leases.release(lease)
        except ControllerError as error:
            log.warning("lease not released", extra={"error": str(error)})

    def _failure(self) -> str:
        """Renew the lease; return the reason if it is lost."""
        try:
            with self.activity.working():
                renewed = self._renew()
        except TransientError as error:
            log.debug("lease not renewed", extra={"error": str(error)})
            following = self._clock.monotonic() + self.pause.total_seconds()
            return "" if following < self._until else str(error)
        except ControllerError as error:
            return str(error)
        return "" if renewed else "another process holds it"

    def _renew(self) -> bool:
        if self._lease is None:
            return False
        asked = self._clock.monotonic()
        self._lease = self._leases.renew(self._lease, self._ttl)
        renewed = self._lease is not None
        self._until = asked + self._ttl.total_seconds() if renewed else -inf
        return renewed
