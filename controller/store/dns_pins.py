"""Pins and flushes of names, shared by all processes of a store."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import Connection, and_, delete, select

from controller.core.audit.entry import AuditSource, pin_entry
from controller.core.dns.pins import KeptName, Pin, PinRequest
from controller.store.audit_log import AuditLog
from controller.store.database import Database
from controller.store.sql import upsert
from controller.store.tables import dns_flushes, dns_pins, last_addresses


class StoredPins:
    """Pins in the store; see ``core.dns.pins.SharedPins``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def pins(self) -> tuple[Pin, ...]:
        """Return the pins that have not ended, by host."""
        with self._database.reading() as connection:
            now = self._database.now(connection)
            query = select(dns_pins).where(dns_pins.c.until > now)
            rows = connection.execute(query.order_by(dns_pins.c.host)).all()
        return tuple(
            Pin(
                row.host,
                tuple(json.loads(row.addresses)),
                row.until,
                row.reason,
                row.pinned_by,
            )
            for row in rows
        )

    def flushes(self) -> Mapping[str, datetime]:
        """Return the time of the last flush of each host; "" stands for all hosts."""
        with self._database.reading() as connection:
            rows = connection.execute(select(dns_flushes)).all()
        return {row.host: row.flushed for row in rows}


class StoredPinOperations:
    """Changes of pins by users, each with a row in the audit log.

    Args:
        database: Store.
        source: Returns the author of a request, and the document, for the audit log.
        declared: Returns the pins of the settings, which no operation changes.
    """

    def __init__(
        self,
        database: Database,
        source: Callable[[str], AuditSource],
        declared: Callable[[], tuple[Pin, ...]] = tuple,
    ) -> None:
        self._database = database
        self._source = source
        self._declared = declared
        self._pins = StoredPins(database)

    def pins(self) -> tuple[Pin, ...]:
        """Return the pins that have not ended, and those of the settings."""
        return (*self._pins.pins(), *self._declared())

    def kept(self) -> tuple[KeptName, ...]:
        """Return the last good addresses of each host."""
        with self._database.reading() as connection:
            query = select(last_addresses).order_by(last_addresses.c.host)
            rows = connection.execute(query).all()
        return tuple(
            KeptName(row.host, tuple(json.loads(row.addresses)), row.kept)
            for row in rows
        )

    def pin(self, request: PinRequest, by: str) -> Pin:
        """Pin a host for a time, in the place of an earlier pin of it."""
        with self._database.writing() as connection:
            now = self._database.now(connection)
            connection.execute(delete(dns_pins).where(dns_pins.c.until <= now))
            before = _pinned(connection, request.host)
            until = (now + request.duration).replace(microsecond=0)
            row = {
                "host": request.host,
                "addresses": json.dumps(request.addresses),
                "until": until,
                "reason": request.reason,
                "pinned_by": by,
                "pinned": now,
            }
            upsert(connection, dns_pins, [row], ["host"])
            after = _pinned(connection, request.host)
            self._record("pin", request.host, by, request.reason, (before, after))
        return Pin(request.host, request.addresses, until, request.reason, by)

    def unpin(self, host: str, by: str, reason: str) -> bool:
        """End the pin of ``host``; return False if there is none."""
        with self._database.writing() as connection:
            now = self._database.now(connection)
            is_own = and_(dns_pins.c.host == host, dns_pins.c.until > now)
            found = connection.scalar(select(dns_pins.c.addresses).where(is_own))
            if found is None:
                return False
            connection.execute(delete(dns_pins).where(is_own))
            self._record("unpin", host, by, reason, ({"pin": json.loads(found)}, None))
        return True

    def flush(self, host: str, by: str, reason: str) -> None:
        """Let every process forget the addresses of ``host``, or of all without one."""
        with self._database.writing() as connection:
            kept = delete(last_addresses)
            if host:
                kept = kept.where(last_addresses.c.host == host)
            before = "kept" if connection.execute(kept).rowcount else None
            row = {"host": host, "flushed": self._database.now(connection)}
            upsert(connection, dns_flushes, [row], ["host"])
            self._record("flush", host, by, reason, (before, "forgotten"))

    def _record(
        self,
        operation: str,
        host: str,
        by: str,
        reason: str,
        change: tuple[object, object],
    ) -> None:
        source = self._source(by)
        # `audit list` prints the paths of changes.
        before, after = change
        shown = {"path": host or "all hosts", "before": before, "after": after}
        entry = pin_entry(source, operation, host, reason, {"changes": [shown]})
        AuditLog(self._database).append(entry)


def _pinned(connection: Connection, host: str) -> dict[str, object] | None:
    """Return the stored pin of ``host`` as the audit log shows it; None without one."""
    columns = dns_pins.c.addresses, dns_pins.c.until
    row = connection.execute(select(*columns).where(dns_pins.c.host == host)).first()
    if row is None:
        return None
    return {"pin": json.loads(row.addresses), "until": row.until.isoformat()}
