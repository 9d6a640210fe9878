"""Deadlines on every use of a database connection, enforced from outside.

PostgreSQL behind a proxy or a failed-over address may accept bytes and never answer.
The kernel of the proxy acknowledges them, so neither TCP keepalives nor
``TCP_USER_TIMEOUT`` end the wait. A thread of this module shuts the socket down
instead; libpq then reports a closed connection to the thread that waits.
"""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from math import inf

from controller.core.clock import Clock


class _Scope:
    """One use of a connection: its sockets, and the time at which they are closed."""

    def __init__(self, until: float) -> None:
        self.until = until
        self.expired = False
        self._lock = threading.Lock()
        self._sockets: dict[int, socket.socket] = {}

    def add(self, descriptor: int) -> None:
        """Shut ``descriptor`` down at the deadline.

        The duplicate stays valid if libpq closes its own descriptor, and the number of
        that is reused.
        """
        with self._lock:
            if descriptor not in self._sockets:
                self._sockets[descriptor] = socket.socket(fileno=socket.dup(descriptor))
            if self.expired:
                self._shut_down()

    def expire(self) -> None:
        with self._lock:
            self.expired = True
            self._shut_down()

    def close(self) -> None:
        with self._lock:
            for duplicate in self._sockets.values():
                duplicate.close()
            self._sockets.clear()

    def _shut_down(self) -> None:
        for duplicate in self._sockets.values():
            # A connection that has ended already is not connected.
            with contextlib.suppress(OSError):
                duplicate.shutdown(socket.SHUT_RDWR)


class Deadlines:
    """Deadlines of the threads that use one database.

    A block of ``within`` is a deadline of its thread; ``watch`` adds a socket to all
    blocks that the thread is in. Close it when the database is no longer used.

    Args:
        clock: Clock; only its monotonic time is used.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._thread = threading.local()
        self._changed = threading.Condition()
        self._scopes: set[_Scope] = set()
        self._closed = False
        self._wakes_at = inf
        self._watchdog: threading.Thread | None = None

    @contextmanager
    def within(self, limit: timedelta) -> Iterator[None]:
        """End the waits of this thread on watched sockets after ``limit``."""
        scope = _Scope(self._clock.monotonic() + limit.total_seconds())
        stack = self._stack()
        stack.append(scope)
        self._begin(scope)
        try:
            yield
        finally:
            stack.remove(scope)
            with self._changed:
                self._scopes.discard(scope)
            scope.close()

    def watch(self, descriptor: int) -> None:
        """Shut the socket ``descriptor`` down at the deadline of this thread."""
        for scope in self._stack():
            scope.add(descriptor)

    def close(self) -> None:
        """End the thread that enforces the deadlines."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _stack(self) -> list[_Scope]:
        if not hasattr(self._thread, "stack"):
            self._thread.stack = []
        stack: list[_Scope] = self._thread.stack
        return stack

    def _begin(self, scope: _Scope) -> None:
        with self._changed:
            self._scopes.add(scope)
            if self._watchdog is None:
                self._watchdog = threading.Thread(
                    target=self._enforce, name="store deadlines", daemon=True
                )
                self._watchdog.start()
            elif scope.until < self._wakes_at:
                self._changed.notify()

    def _enforce(self) -> None:
        with self._changed:
            while not self._closed or self._scopes:
                now = self._clock.monotonic()
                for scope in [s for s in self._scopes if s.until <= now]:
                    scope.expire()
                    self._scopes.discard(scope)
                self._wakes_at = min((s.until for s in self._scopes), default=inf)
                pause = self._wakes_at - now
                self._changed.wait(None if pause == inf else pause)
