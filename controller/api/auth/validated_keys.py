"""Callers by keys that the platform's authentication service validates."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Protocol

from controller.core.access.api_key import parsed
from controller.core.access.caller import Caller
from controller.core.access.policy import AccessPolicy
from controller.core.access.scopes import grants
from controller.core.access.validated_key import AuthServicePolicy, ValidatedKey
from controller.core.clock import Clock
from controller.core.values.secret import Secret
from controller.core.values.ttl_cache import TtlCache

_FRESH = timedelta(seconds=60)
# A key that was just created is accepted soon.
_FRESH_REFUSAL = timedelta(seconds=10)
_MOST = 10_000


class KeyValidator(Protocol):
    """The authentication service."""

    async def validate(self, key: Secret) -> ValidatedKey | None:
        """Return the owner of a key; None if it is not accepted."""
        ...


@dataclass(frozen=True, slots=True)
class _Refused:
    """The service does not accept the key."""


class ValidatedKeySource:
    """Source of callers, for one event loop; results are kept for a minute by hash.

    Keys of this program's own format are never sent to the service.

    Args:
        policy: Use of the service.
        validator: The service.
        access: Returns the bindings of owners (subjects) and their roles (groups).
        clock: Clock; only its monotonic time is used.
    """

    def __init__(
        self,
        policy: AuthServicePolicy,
        validator: KeyValidator,
        access: Callable[[], AccessPolicy],
        clock: Clock,
    ) -> None:
        self._policy = policy
        self._validator = validator
        self._access = access
        self._clock = clock
        self._accepted: TtlCache[bytes, ValidatedKey] = TtlCache(_FRESH, _MOST)
        self._refused: TtlCache[bytes, _Refused] = TtlCache(_FRESH_REFUSAL, _MOST)
        self._asking: dict[bytes, asyncio.Task[ValidatedKey | None]] = {}

    async def caller(self, credential: Secret) -> Caller | None:
        """Return the caller of a key; None if the service does not accept it.

        Raises:
            TransientError: The service cannot say now.
        """
        text = credential.reveal()
        if parsed(text) is not None:
            return None
        hash_ = sha256(text.encode(errors="surrogateescape")).digest()
        now = self._clock.monotonic()
        if self._refused.get(hash_, now) is not None:
            return None
        found = self._accepted.get(hash_, now)
        if found is None:
            found = await asyncio.shield(self._answer(hash_, credential))
        return None if found is None else self._identified(found)

    def _answer(
        self, hash_: bytes, credential: Secret
    ) -> "asyncio.Task[ValidatedKey | None]":
        """Return the request in progress for a key, or a new one."""
        asking = self._asking.get(hash_)
        if asking is None:
            asking = asyncio.create_task(self._validated(hash_, credential))
            self._asking[hash_] = asking
            asking.add_done_callback(lambda _: self._asking.pop(hash_, None))
        return asking

    async def _validated(self, hash_: bytes, credential: Secret) -> ValidatedKey | None:
        found = await self._validator.validate(credential)
        now = self._clock.monotonic()
        if found is None:
            self._accepted.drop(hash_)
            self._refused.put(hash_, _Refused(), now)
        else:
            self._accepted.put(hash_, found, now)
        return found

    def _identified(self, key: ValidatedKey) -> Caller:
        table = self._policy.scopes
        mapped = [scope for text in key.scopes for scope in table.get(text, ())]
        bound = self._access().scopes_of(key.user, key.roles)
        permitted = grants(dict.fromkeys((*mapped, *bound)))
        return Caller(key.user, f"auth/{key.key_id}", permitted)
