"""Who may write: one holder at a time, and a number that tells old from new."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import Connection, select, update

from controller.core.errors import PermanentError
from controller.store.database import Database
from controller.store.sql import insert_new, upsert
from controller.store.tables import leases

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write, until it expires.

    Attributes:
        name: Of what is leased.
        holder: Who has it.
        token: Grows by one with each new holder; what carries a lower one is late.
        expires: When it ends unless renewed, by the store's clock.
    """

    name: str
    holder: str
    token: int
    expires: datetime


@dataclass(frozen=True, slots=True)
class LeaseHeld:
    """Somebody else has it."""

    holder: str
    expires: datetime


Claim: TypeAlias = Lease | LeaseHeld


def decided(
    current: Lease | None, name: str, holder: str, ttl: timedelta, now: datetime
) -> Claim:
    """Return what ``holder`` gets when it asks at ``now``.

    A holder that asks again is the same one after a restart: it need not wait.
    """
    expires = now + ttl
    if current is None:
        return Lease(name, holder, 1, expires)
    if current.holder == holder and current.expires > now:
        return Lease(name, holder, current.token, expires)
    if current.expires > now:
        return LeaseHeld(current.holder, current.expires)
    return Lease(name, holder, current.token + 1, expires)


class Leases:
    """Leases by name, decided by the store's clock."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def acquire(self, name: str, holder: str, ttl: timedelta) -> Claim:
        """Take the lease, or learn who has it. Safe to repeat."""
        with self._database.writing(fenced=False) as connection:
            current = _locked(connection, name)
            now = self._database.now(connection)
            claim = decided(current, name, holder, ttl, now)
            if isinstance(claim, Lease):
                upsert(connection, leases, [_row(claim)], ["name"])
            return claim

    def renew(self, lease: Lease, ttl: timedelta) -> Lease | None:
        """Return the lease with a later end, or None if it is somebody else's now."""
        with self._database.writing(fenced=False) as connection:
            expires = self._database.now(connection) + ttl
            renewed = connection.execute(
                update(leases)
                .where(leases.c.name == lease.name, leases.c.token == lease.token)
                .values(expires=expires)
            )
            if not renewed.rowcount:
                return None
            return Lease(lease.name, lease.holder, lease.token, expires)

    def release(self, lease: Lease) -> None:
        """Give it back; nothing happens if it is somebody else's now."""
        with self._database.writing(fenced=False) as connection:
            connection.execute(
                update(leases)
                .where(leases.c.name == lease.name, leases.c.token == lease.token)
                .values(expires=_NEVER)
            )

    def fence(self, lease: Lease) -> None:
        """Refuse every write to the store once somebody else has ``lease``.

        The store is where an old token can be told from a new one: whoever was
        stopped for longer than the lease may still believe that it holds it.
        """
        query = select(leases.c.token, leases.c.holder)
        query = query.where(leases.c.name == lease.name).with_for_update(read=True)

        def check(connection: Connection) -> None:
            row = connection.execute(query).first()
            if row is not None and row.token != lease.token:
                msg = (
                    f"the lease {lease.name} is held by {row.holder} with token"
                    f" {row.token}: {lease.holder}, with {lease.token}, is too late"
                )
                raise PermanentError(msg)

        self._database.fence(check)

    def current(self, name: str) -> Lease | None:
        """Return the lease that is in force, if one is."""
        with self._database.reading() as connection:
            row = connection.execute(
                select(leases).where(leases.c.name == name)
            ).first()
            now = self._database.now(connection)
        return _lease(row) if row is not None and row.expires > now else None


def _locked(connection: Connection, name: str) -> Lease | None:
    """Return the row as it stands; no one else can change it until we commit."""
    nobody = {"name": name, "holder": "", "token": 0, "expires": _NEVER}
    if insert_new(connection, leases, [nobody], ["name"]):
        return None
    query = select(leases).where(leases.c.name == name).with_for_update()
    return _lease(connection.execute(query).one())


def _row(lease: Lease) -> dict[str, Any]:
    return {
        "name": lease.name,
        "holder": lease.holder,
        "token": lease.token,
        "expires": lease.expires,
    }


def _lease(row: Any) -> Lease:
    return Lease(row.name, row.holder, row.token, row.expires)
