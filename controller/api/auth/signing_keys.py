"""Public keys of an issuer of tokens, kept through outages of the issuer."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import Key, import_key

from controller.core.access.tokens import ALGORITHMS
from controller.core.clock import Clock
from controller.core.errors import TransientError

log = logging.getLogger(__name__)

# Seconds for which a set of keys is used without reading it again.
_LIFESPAN = 300.0
# Seconds after which a set in use is read again in the background.
_REFRESH = 240.0
# Seconds for which a set is used while the issuer does not answer.
_LONGEST_STALE = 86_400.0
# Seconds between two reads for keys that are not in the set, and after a failure.
_COOLDOWN = 30.0
_COOLDOWN_WITHOUT_KEYS = 2.0
# A modulus of 2048 bits in base64, without padding.
_SHORTEST_RSA_TEXT = 342
# Members of a private key (RFC 7518, sections 6.2.2 and 6.3.2).
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth"})


class SigningKeys:
    """Set of public keys, for one event loop.

    Args:
        fetch: Returns the JWKS as JSON; raises TransientError.
        clock: Clock; only its monotonic time is used.
    """

    def __init__(self, fetch: Callable[[], Awaitable[bytes]], clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._keys: Mapping[str, Key] = {}
        self._read_at: float | None = None
        self._tried_at: float | None = None
        self._error: TransientError | None = None
        self._reading: asyncio.Task[None] | None = None

    async def key(self, kid: str) -> Key | None:
        """Return the key with an id; None if the issuer has no such key.

        At most one read is in progress, however many callers wait for it. A set in use
        is read again in the background before it expires.

        Raises:
            TransientError: The issuer does not answer, and the key is not known.
        """
        age = self._age()
        if age is None or age >= _LIFESPAN:
            await self._refreshed()
        elif age >= _REFRESH and self._may_read():
            self._begin()
        if (found := self._usable().get(kid)) is not None:
            return found
        await self._refreshed()
        if (found := self._usable().get(kid)) is not None:
            return found
        if self._error is not None:
            raise self._error
        return None

    def _usable(self) -> Mapping[str, Key]:
        age = self._age()
        return {} if age is None or age >= _LONGEST_STALE else self._keys

    def _age(self) -> float | None:
        return (
            None if self._read_at is None else self._clock.monotonic() - self._read_at
        )

    def _may_read(self) -> bool:
        """Return True unless the last read was a moment ago."""
        if self._tried_at is None:
            return True
        cooldown = _COOLDOWN if self._usable() else _COOLDOWN_WITHOUT_KEYS
        return self._clock.monotonic() - self._tried_at >= cooldown

    async def _refreshed(self) -> None:
        """Wait for the read in progress, or for a new one unless it is too early."""
        if self._reading is None and not self._may_read():
            return
        # Shielded: a caller that leaves does not end the read of the others.
        await asyncio.shield(self._begin())

    def _begin(self) -> asyncio.Task[None]:
        if self._reading is None:
            self._tried_at = self._clock.monotonic()
            self._reading = asyncio.create_task(self._read())
            self._reading.add_done_callback(self._ended)
        return self._reading

    def _ended(self, _task: asyncio.Task[None]) -> None:
        self._reading = None

    async def _read(self) -> None:
        try:
            keys = public_keys(await self._fetch())
        except TransientError as error:
            if self._error is None:
                log.warning("keys of tokens not read", extra={"error": str(error)})
            self._error = error
            return
        self._keys, self._error = keys, None
        self._read_at = self._clock.monotonic()


def public_keys(text: bytes) -> Mapping[str, Key]:
    """Return the usable keys of a JWKS, by id; others are left out.

    Raises:
        TransientError: The text is no JWKS, or has no usable key.
    """
    try:
        entries = json.loads(text)["keys"]
        found = {e["kid"]: _imported(e) for e in entries if _is_candidate(e)}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        msg = "the keys of tokens are no JSON Web Key Set"
        raise TransientError(msg) from error
    usable = {kid: key for kid, key in found.items() if key is not None}
    if not usable:
        msg = "the set of the keys of tokens has no usable key"
        raise TransientError(msg)
    return usable


def is_key_of(key: Key, algorithm: str) -> bool:
    """Return True if the key is meant for an algorithm."""
    type_, curve = ALGORITHMS[algorithm]
    meant = {None, algorithm}
    if type_ == "OKP":
        meant |= {"EdDSA", "Ed25519"}
    return (
        key.key_type == type_
        and (not curve or getattr(key, "curve_name", "") == curve)
        and key.get("alg") in meant
    )


def _is_candidate(entry: Any) -> bool:
    """Return True for a key with an id that may be one of the algorithms'."""
    types = [type_ for type_, _ in ALGORITHMS.values()]
    return (
        isinstance(entry.get("kid"), str)
        and entry.get("use", "sig") == "sig"
        and "verify" in entry.get("key_ops", ["verify"])
        and entry.get("kty") in types
        and (entry["kty"] != "RSA" or len(str(entry.get("n"))) >= _SHORTEST_RSA_TEXT)
    )


def _imported(entry: dict[str, Any]) -> Key | None:
    """Return a public key for one of the algorithms; None for any other."""
    public = {name: v for name, v in entry.items() if name not in _PRIVATE}
    try:
        key = import_key(public)
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return key if any(is_key_of(key, name) for name in ALGORITHMS) else None
