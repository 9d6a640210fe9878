"""Looks that callers share: who asks for the same thing meanwhile waits for the same.

Many people who look at one service cost AWS no more calls than one who does.
"""

import asyncio
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from controller.core.clock import Clock
from controller.core.errors import TransientError

T = TypeVar("T")

_AT_ONCE = 4
_WAITING = 16
# Below the twenty seconds that our own clients wait.
_PATIENCE_SECONDS = 15.0
# Shorter than the two seconds between two looks of one who follows a log.
_KEPT_SECONDS = 1.5


@dataclass(frozen=True, slots=True)
class SharedResult(Generic[T]):
    """Result of a read.

    Attributes:
        found: It.
        at: When the look began.
    """

    found: T
    at: datetime


@dataclass(slots=True)
class _Call:
    future: "Future[SharedResult[Any]]"
    landed: float | None = None


class SingleFlight:
    """Does each look once for all who ask, in threads of its own. Close it.

    A look that takes for ever takes no thread from what else is served.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(_AT_ONCE, "look")
        self._flights: dict[Hashable, _Call] = {}

    async def seen(self, key: Hashable, look: Callable[[], T]) -> SharedResult[T]:
        """Return what ``look`` finds, or found a moment ago.

        Args:
            key: Equal for looks at the same thing.
            look: Finds it; may block, and raise.

        Raises:
            TransientError: it takes longer than callers wait, or too many ask.
        """
        future = asyncio.wrap_future(self._flight(key, look))
        done, _ = await asyncio.wait((future,), timeout=_PATIENCE_SECONDS)
        if done:
            return future.result()
        future.add_done_callback(_unheard)
        msg = f"no response within {_PATIENCE_SECONDS:.0f} s: retry later"
        raise TransientError(msg)

    def close(self) -> None:
        """Begin no look any more; those under way end by themselves."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _flight(
        self, key: Hashable, look: Callable[[], T]
    ) -> "Future[SharedResult[T]]":
        with self._lock:
            self._forget()
            known = self._flights.get(key)
            if known is None:
                if len(self._flights) >= _WAITING:
                    msg = "too many look at once: ask again in a moment"
                    raise TransientError(msg)
                known = _Call(self._pool.submit(self._looked, key, look))
                self._flights[key] = known
            return known.future

    def _looked(self, key: Hashable, look: Callable[[], T]) -> SharedResult[T]:
        began = self._clock.now()
        try:
            found = look()
        except BaseException:
            # The next caller tries again.
            with self._lock:
                self._flights.pop(key, None)
            raise
        with self._lock:
            self._flights[key].landed = self._clock.monotonic()
        return SharedResult(found, began)

    def _forget(self) -> None:
        """Leave out what was found too long ago."""
        now = self._clock.monotonic()
        self._flights = {
            key: flight
            for key, flight in self._flights.items()
            if flight.landed is None or now - flight.landed < _KEPT_SECONDS
        }


def _unheard(future: "asyncio.Future[Any]") -> None:
    """Retrieve the error of a read that no caller awaits any more."""
    if not future.cancelled():
        future.exception()
