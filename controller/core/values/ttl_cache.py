"""Cache with a time to live.

``cachetools.TTLCache`` is the usual class for this. It drops a value as soon as it
expires, but several callers here report the last value if a new one cannot be read; it
also reads a clock, where time is an argument here.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

KeyT = TypeVar("KeyT", bound=Hashable)
ValueT = TypeVar("ValueT")


@dataclass(frozen=True, slots=True)
class Entry(Generic[ValueT]):
    """A value and its time.

    Attributes:
        value: The value.
        at: Monotonic seconds at which it was put.
    """

    value: ValueT
    at: float


class TtlCache(Generic[KeyT, ValueT]):
    """Keeps values by key; a value is fresh for less than ``ttl``.

    Thread-safe: each method leaves the cache consistent without a lock. Two threads that
    miss the same value at the same time both compute it, and the later ``put`` stays;
    callers that must avoid this use their own lock.

    Args:
        ttl: Time for which a value is fresh.
        most: Number of values kept; the one put longest ago is dropped first.
    """

    def __init__(self, ttl: timedelta, most: int = 1_024) -> None:
        self._ttl = ttl.total_seconds()
        self._most = most
        self._entries: dict[KeyT, Entry[ValueT]] = {}

    def get(self, key: KeyT, now: float) -> ValueT | None:
        """Return the value of ``key``; None if there is no fresh one."""
        entry = self._entries.get(key)
        if entry is None or now - entry.at >= self._ttl:
            return None
        return entry.value

    def last(self, key: KeyT) -> Entry[ValueT] | None:
        """Return the value of ``key`` with its time, fresh or not; None if none."""
        return self._entries.get(key)

    def put(self, key: KeyT, value: ValueT, now: float) -> None:
        """Keep ``value`` for ``key``, fresh from ``now`` on."""
        self._entries.pop(key, None)
        self._entries[key] = Entry(value, now)
        if len(self._entries) > self._most:
            # A copy: another thread may put a value meanwhile.
            self._entries.pop(next(iter([*self._entries])), None)

    def drop(self, key: KeyT) -> None:
        """Forget the value of ``key``."""
        self._entries.pop(key, None)

    def clear(self) -> None:
        """Forget all values."""
        self._entries.clear()
