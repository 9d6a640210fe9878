"""Leases: one writer at a time, with a fencing token that grows with each claim."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import Connection, select, update

from controller.core.errors import PermanentError
from controller.store.database import Database
from controller.store.sql import insert_new, upsert
from controller.store.tables import leases

log = logging.getLogger(__name__)

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write, until it expires.

    Attributes:
        name: Name of the leased right.
        holder: Process that holds the lease.
        token: Fencing token, one higher for each granted claim. A write with a lower
            token comes from a former holder, or from an earlier term of this one.
        expires: Time of expiry, by the store's clock, unless renewed.
    """

    name: str
    holder: str
    token: int
    expires: datetime


@dataclass(frozen=True, slots=True)
class LeaseHeld:
    """Refusal: another process holds the lease until ``expires``."""

    holder: str
    expires: datetime


Claim: TypeAlias = Lease | LeaseHeld


def claim_result(
    current: Lease | None, name: str, holder: str, ttl: timedelta, now: datetime
) -> Claim:
    """Return the result of a claim by ``holder`` at ``now``.

    The present holder need not wait, and its earlier token is fenced off. A lease that
    expires later than a renewal at ``now`` would was written by a clock that was ahead;
    it counts for one lifetime.
    """
    expires = now + ttl
    if current is None:
        return Lease(name, holder, 1, expires)
    if current.expires > now and current.holder != holder:
        return LeaseHeld(current.holder, min(current.expires, expires))
    return Lease(name, holder, current.token + 1, expires)


class Leases:
    """Leases by name, decided by the store's clock."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def acquire(self, name: str, holder: str, ttl: timedelta) -> Claim:
        """Take the lease, or return its current holder. Safe to repeat.

        A lease from the future is shortened to ``ttl``: a clock was set back after it
        was written. A holder that is alive renews it before it expires.
        """
        with self._database.writing(fenced=False) as connection:
            current = _locked(connection, name)
            now = self._database.now(connection)
            claim = claim_result(current, name, holder, ttl, now)
            if isinstance(claim, Lease):
                upsert(connection, leases, [_row(claim)], ["name"])
            elif current is not None and claim.expires < current.expires:
                _shorten(connection, current, claim.expires)
            return claim

    def renew(self, lease: Lease, ttl: timedelta) -> Lease | None:
        """Extend the lease; return None if another process holds it."""
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
        """End the lease now; do nothing if another process holds it."""
        with self._database.writing(fenced=False) as connection:
            connection.execute(
                update(leases)
                .where(leases.c.name == lease.name, leases.c.token == lease.token)
                .values(expires=_NEVER)
            )

    def fence(self, lease: Lease) -> None:
        """Refuse every write to the store once another process holds ``lease``.

        A process that was suspended for longer than the lease still believes that it
        holds it; only the store can tell its token from the current one.
        """
        query = select(leases.c.token, leases.c.holder)
        query = query.where(leases.c.name == lease.name).with_for_update(read=True)

        def check(connection: Connection) -> None:
            row = connection.execute(query).first()
            if row is not None and row.token != lease.token:
                msg = (
                    f"lease {lease.name} is held by {row.holder} with token"
                    f" {row.token}: the write of {lease.holder} with token"
                    f" {lease.token} is refused"
                )
                raise PermanentError(msg)

        self._database.fence(check)

    def current(self, name: str) -> Lease | None:
        """Return the lease in force, or None."""
        with self._database.reading() as connection:
            row = connection.execute(
                select(leases).where(leases.c.name == name)
            ).first()
            now = self._database.now(connection)
        return _lease(row) if row is not None and row.expires > now else None


def _locked(connection: Connection, name: str) -> Lease | None:
    """Return the lease and lock its row until the transaction ends."""
    unheld = {"name": name, "holder": "", "token": 0, "expires": _NEVER}
    if insert_new(connection, leases, [unheld], ["name"]):
        return None
    query = select(leases).where(leases.c.name == name).with_for_update()
    return _lease(connection.execute(query).one())


def _shorten(connection: Connection, lease: Lease, expires: datetime) -> None:
    fields = {
        "lease": lease.name,
        "holder": lease.holder,
        "seconds_ahead": (lease.expires - expires).total_seconds(),
    }
    log.warning("lease from the future: a clock was set back", extra=fields)
    connection.execute(
        update(leases)
        .where(leases.c.name == lease.name, leases.c.token == lease.token)
        .values(expires=expires)
    )


def _row(lease: Lease) -> dict[str, Any]:
    return {
        "name": lease.name,
        "holder": lease.holder,
        "token": lease.token,
        "expires": lease.expires,
    }


def _lease(row: Any) -> Lease:
    return Lease(row.name, row.holder, row.token, row.expires)
