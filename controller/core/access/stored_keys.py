"""Keys that users create: their records, and the operations on them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from controller.core.access.caller import Caller
from controller.core.access.rate import RequestClass, rate
from controller.core.access.scopes import grants
from controller.core.values.secret import Secret

LONGEST_NAME = 64
# A key that is forgotten is never revoked.
LONGEST_LIFE = timedelta(days=730)
LONGEST_OVERLAP = timedelta(days=90)


class KeyState(StrEnum):
    """State of a key; only an active one is accepted."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key as it is stored: everything but the key.

    Attributes:
        id: Identifies the key; part of its text.
        name: Name of the owner or the purpose.
        last_four: Last four characters of the key.
        scopes: Permissions, as text.
        rates: Limit of each class of requests, as text.
        created: Time of the creation.
        created_by: User.
        expires: Time from which it is not accepted; None for no end.
        revoked: Time of its revocation; None if it was not revoked.
        replaced_by: Id of its successor after a rotation; empty without one.
        last_used: Time of a recent use, to the minute; None if it was never used.
        pepper: Id of the pepper of its fingerprint.
    """

    id: str
    name: str
    last_four: str
    scopes: tuple[str, ...]
    rates: Mapping[str, str]
    created: datetime
    created_by: str
    expires: datetime | None = None
    revoked: datetime | None = None
    replaced_by: str = ""
    last_used: datetime | None = None
    pepper: str = ""

    def state(self, now: datetime) -> KeyState:
        """Return the state at ``now``."""
        if self.revoked is not None:
            return KeyState.REVOKED
        if self.expires is not None and self.expires <= now:
            return KeyState.EXPIRED
        return KeyState.ACTIVE

    def caller(self) -> Caller:
        """Return the caller that the key identifies."""
        return Caller(
            self.name,
            self.id,
            grants(self.scopes),
            {name: rate(text) for name, text in self.rates.items()},
            sunset=self.expires if self.replaced_by else None,
        )


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """Request of a user for a key.

    Attributes:
        name: Name of the owner or the purpose.
        scopes: Permissions, as text.
        rates: Limit of each class of requests, as text.
        life: Time until it expires; None for no end.
    """

    name: str
    scopes: tuple[str, ...]
    rates: Mapping[str, str]
    life: timedelta | None = None


class KeyOperations(Protocol):
    """Keys in a store, or in that of a server; every method raises ControllerError."""

    def keys(self) -> tuple[KeyRecord, ...]:
        """Return all keys, by name, the newest of a name first."""
        ...

    def create(self, request: KeyRequest, by: str, reason: str) -> "CreatedKey":
        """Create a key. Not repeatable: each call creates another one."""
        ...

    def rotate(
        self, id_: str, overlap: timedelta, by: str, reason: str
    ) -> "CreatedKey":
        """Create a successor with equal permissions; the key expires after a time."""
        ...

    def revoke(self, id_: str, by: str, reason: str) -> bool:
        """Revoke a key; return False if it was revoked before."""
        ...


@dataclass(frozen=True, slots=True)
class CreatedKey:
    """A key that was just created; its text is shown once and kept nowhere.

    Attributes:
        text: Whole key, to be shown to the user.
        record: Its record.
    """

    text: Secret
    record: KeyRecord


def refusal(request: KeyRequest) -> str:
    """Return the reason why a request for a key is refused; empty if it is accepted."""
    name = request.name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        return f"the name of a key has 1 to {LONGEST_NAME} printable characters"
    if not request.scopes:
        return "a key needs at least one scope, as in --scope models:read"
    try:
        grants(request.scopes)
    except ValueError as error:
        return f"a scope of {' '.join(request.scopes)} {error}"
    return _wrong_rate(request.rates) or _wrong_life(request.life)


def _wrong_rate(rates: Mapping[str, str]) -> str:
    for name, text in rates.items():
        if name not in list(RequestClass):
            classes = ", ".join(RequestClass)
            return f"{name} is no class of requests; the classes are {classes}"
        try:
            rate(text)
        except ValueError as error:
            return f"{text} {error}"
    return ""


def _wrong_life(life: timedelta | None) -> str:
    if life is not None and not timedelta(0) < life <= LONGEST_LIFE:
        return f"a key expires after at most {LONGEST_LIFE.days} days"
    return ""


def with_id(records: Sequence[KeyRecord], word: str) -> tuple[KeyRecord, ...]:
    """Return the keys with this id or, if there is none, with this name."""
    by_id = tuple(record for record in records if record.id == word)
    return by_id or tuple(record for record in records if record.name == word)
