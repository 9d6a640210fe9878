"""Threads of DNS queries: a bounded number, and a bounded queue.

A name server that never answers holds a thread for the whole timeout of a query.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable

log = logging.getLogger(__name__)

_MOST_THREADS = 32
_MOST_QUEUED = 1_024


class QueryThreads:
    """Runs work in daemon threads, which end when no work is left. Thread-safe.

    Args:
        most: Number of threads.
        most_queued: Number of pieces of work that wait for a thread.
    """

    def __init__(
        self, most: int = _MOST_THREADS, most_queued: int = _MOST_QUEUED
    ) -> None:
        self._most = most
        self._most_queued = most_queued
        self._lock = threading.Lock()
        self._threads = 0
        self._queue: deque[Callable[[], None]] = deque()

    @property
    def is_busy(self) -> bool:
        """True if work waits for a thread."""
        return bool(self._queue)

    def start(self, work: Callable[[], None]) -> None:
        """Run ``work`` in a thread, or queue it.

        Raises:
            RuntimeError: The queue is full, or no thread can be started.
        """
        with self._lock:
            if self._threads >= self._most:
                self._enqueue(work)
                return
            self._threads += 1
        try:
            threading.Thread(
                target=self._run, args=(work,), name="dns", daemon=True
            ).start()
        except RuntimeError:
            with self._lock:
                self._threads -= 1
            raise

    def _enqueue(self, work: Callable[[], None]) -> None:
        if len(self._queue) >= self._most_queued:
            msg = f"{self._most_queued} DNS queries wait for a thread"
            raise RuntimeError(msg)
        self._queue.append(work)

    def _run(self, work: Callable[[], None]) -> None:
        while True:
            try:
                work()
            except Exception:
                # The thread has further work.
                log.exception("a DNS query failed")
            with self._lock:
                if not self._queue:
                    self._threads -= 1
                    return
                work = self._queue.popleft()
