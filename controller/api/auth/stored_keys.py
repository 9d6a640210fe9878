"""Callers by the keys of the store.

A key is read at most once a second, however many requests it has, so that a revocation
takes effect within a second in every process. While the store is unavailable, a key that
was accepted before stays accepted: an outage of the database does not lock callers out.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from controller.core.access.api_key import ApiKey, is_fingerprint_of, parsed
from controller.core.access.caller import Caller
from controller.core.access.stored_keys import KeyRecord, KeyState
from controller.core.clock import Clock
from controller.core.errors import StoreUnavailableError
from controller.core.values.secret import Secret
from controller.core.values.ttl_cache import TtlCache

_FRESH = timedelta(seconds=1)
# Keys that are remembered; a key that is tried out of curiosity has no right place here.
_MOST = 10_000
_USES_EVERY_SECONDS = 60.0


class FoundKey(Protocol):
    """A key as it is stored."""

    @property
    def record(self) -> KeyRecord:
        """Record of the key."""
        ...

    @property
    def fingerprint(self) -> str:
        """HMAC of the key."""
        ...


class KeyStore(Protocol):
    """The part of the store that this needs."""

    def find(self, id_: str) -> FoundKey | None:
        """Return the key with this id, in any state; None if there is none."""
        ...

    def used(self, times: Mapping[str, datetime]) -> None:
        """Record the time of the last use of keys."""
        ...


class StoredKeySource:
    """Source of callers by keys that users created.

    Args:
        store: Keys; read in a thread.
        peppers: Secrets of the fingerprints, the present one and earlier ones.
        clock: Decides whether a key has expired.
    """

    def __init__(
        self, store: KeyStore, peppers: Sequence[Secret], clock: Clock
    ) -> None:
        self._store = store
        self._peppers = tuple(peppers)
        self._clock = clock
        self._found: TtlCache[str, FoundKey] = TtlCache(_FRESH, _MOST)
        self._missing: TtlCache[str, bool] = TtlCache(_FRESH, _MOST)
        self._reads: dict[str, asyncio.Task[FoundKey | None]] = {}
        self._uses: dict[str, datetime] = {}
        self._recorded = clock.monotonic()

    async def caller(self, credential: Secret) -> Caller | None:
        """Return the caller of a valid key; None for any other text.

        Raises:
            StoreUnavailableError: The key is not known here, and the store does not
                answer.
        """
        key = parsed(credential.reveal())
        if key is None:
            return None
        found = await self._key(key)
        if found is None or not self._is_right(found, key):
            return None
        now = self._clock.now()
        if found.record.state(now) is not KeyState.ACTIVE:
            return None
        self._uses[key.id] = now
        return found.record.caller()

    def record_uses(self) -> None:
        """Record the last uses in the store, at most each minute.

        Blocks. Uses that cannot be recorded are recorded by a later call.
        """
        now = self._clock.monotonic()
        if not self._uses or now - self._recorded < _USES_EVERY_SECONDS:
            return
        self._recorded = now
        uses, self._uses = self._uses, {}
        try:
            self._store.used(uses)
        except StoreUnavailableError:
            self._uses = uses | self._uses

    def _is_right(self, found: FoundKey, key: ApiKey) -> bool:
        return any(
            is_fingerprint_of(found.fingerprint, pepper, key)
            for pepper in self._peppers
        )

    async def _key(self, key: ApiKey) -> FoundKey | None:
        now = self._clock.monotonic()
        if (found := self._found.get(key.id, now)) is not None:
            return found
        if self._missing.get(key.id, now):
            return None
        reading = self._reads.get(key.id)
        if reading is None:
            reading = asyncio.create_task(self._read(key.id))
            self._reads[key.id] = reading
            reading.add_done_callback(lambda _: self._reads.pop(key.id, None))
        try:
            return await asyncio.shield(reading)
        except StoreUnavailableError:
            known = self._found.last(key.id)
            if known is None:
                raise
            return known.value

    async def _read(self, id_: str) -> FoundKey | None:
        found = await asyncio.to_thread(self._store.find, id_)
        now = self._clock.monotonic()
        if found is None:
            self._found.drop(id_)
            self._missing.put(id_, True, now)
        else:
            self._missing.drop(id_)
            self._found.put(id_, found, now)
        await asyncio.to_thread(self.record_uses)
        return found
