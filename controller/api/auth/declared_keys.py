"""Callers by the keys of the document, whose text is in stores of secrets.

The texts are read at the start and again and again. While a store does not answer, the
last known text applies: an outage refuses no caller. Only hashes stay in memory.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from controller.core.access.caller import Caller
from controller.core.access.policy import DeclaredKey
from controller.core.document.reference import SecretReference
from controller.core.errors import ControllerError, RefusedError, TransientError
from controller.core.values.secret import Secret

log = logging.getLogger(__name__)

# A shorter text can be guessed.
SHORTEST = 32


@dataclass(frozen=True, slots=True)
class _Known:
    """Keys at one time.

    Attributes:
        callers: Callers by the hash of their keys.
        unread: Names of the keys whose text could never be read.
    """

    callers: Mapping[bytes, Caller] = field(default_factory=dict)
    unread: tuple[str, ...] = ()


class DeclaredKeySource:
    """Source of callers by declared keys. Thread-safe.

    Args:
        read: Returns the text of a secret; blocks; raises ControllerError.
    """

    def __init__(self, read: Callable[[SecretReference], str]) -> None:
        self._read = read
        self._hashes: dict[SecretReference, bytes] = {}
        self._problems: dict[str, str] = {}
        self._known = _Known()

    @property
    def has_callers(self) -> bool:
        """True if any key is declared and may be accepted."""
        return bool(self._known.callers or self._known.unread)

    async def caller(self, credential: Secret) -> Caller | None:
        """Return the caller of a declared key; None for any other text.

        Raises:
            TransientError: The text of a key could not be read yet; this may be it.
        """
        known = self._known
        found = known.callers.get(_hash(credential.reveal()))
        if found is None and known.unread:
            msg = f"the text of key {known.unread[0]} cannot be read now"
            raise TransientError(msg)
        return found

    def expect(self, keys: Mapping[str, DeclaredKey]) -> None:
        """Take the text of each key for unread, until the first ``refresh``."""
        self._known = _Known(unread=tuple(keys))

    def refresh(self, keys: Mapping[str, DeclaredKey]) -> None:
        """Read the text of each key again. Blocks; for one thread at a time."""
        callers: dict[bytes, Caller] = {}
        unread: list[str] = []
        hashes: dict[SecretReference, bytes] = {}
        for name, key in keys.items():
            problem = ""
            try:
                hashes[key.secret] = self._checked(key.secret)
            except TransientError as error:
                problem = str(error)
                if (last := self._hashes.get(key.secret)) is None:
                    unread.append(name)
                else:
                    hashes[key.secret] = last
            except ControllerError as error:
                problem = str(error)
            found = hashes.get(key.secret)
            if found in callers:
                problem = f"its text is that of key {callers[found].subject}"
            elif found is not None:
                callers[found] = key.caller()
            self._report(name, problem)
        self._hashes, self._known = hashes, _Known(callers, tuple(unread))

    def _checked(self, secret: SecretReference) -> bytes:
        text = self._read(secret)
        if len(text) < SHORTEST:
            msg = f"{secret} is too short for a key: it has fewer than {SHORTEST} characters"
            raise RefusedError(msg)
        return _hash(text)

    def _report(self, name: str, problem: str) -> None:
        """Log a problem of a key once."""
        if problem and self._problems.get(name) != problem:
            log.warning("key not read", extra={"key": name, "problem": problem})
        self._problems[name] = problem


def _hash(text: str) -> bytes:
    return sha256(text.encode(errors="surrogateescape")).digest()
