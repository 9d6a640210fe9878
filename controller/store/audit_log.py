"""Audit log in the store: rows are appended, and never changed or deleted.

All writers of a database append under one lock, so that each row follows the last one:
on SQLite that is the lock of every writing transaction (BEGIN IMMEDIATE), on PostgreSQL
an advisory lock until the end of the transaction.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, desc, insert, select, text

from controller.core.audit.chain import AuditRecord, appended
from controller.core.audit.entry import AuditEntry
from controller.core.document.resource import ResourceId
from controller.store.database import Database
from controller.store.tables import audit_log

# Arbitrary, but the same in every version; see also the lock of migrations.
_APPEND_LOCK = 5_150_422
_BATCH = 1_000
_ENTRY = (
    *("actor", "via", "action", "kind", "name", "outcome", "reason", "details"),
    *("document_digest", "source_commit"),
)


class AuditLog:
    """Rows of the audit log."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, entry: AuditEntry) -> AuditRecord:
        """Append a row, in the transaction of this thread if it has one.

        Not safe to repeat: each call appends a row. Call it last in a transaction, since
        other writers wait for the lock.
        """
        with self._database.writing() as connection:
            self._lock(connection)
            query = select(audit_log.c.id, audit_log.c.hash)
            last = connection.execute(
                query.order_by(desc(audit_log.c.id)).limit(1)
            ).first()
            time = self._database.now(connection).isoformat(timespec="microseconds")
            found = None if last is None else (last.id, last.hash)
            record = appended(found, entry, time)
            connection.execute(insert(audit_log).values(_row(record)))
            return record

    def records(self) -> Iterator[AuditRecord]:
        """Yield all rows, the oldest first, in one transaction per batch."""
        last = 0
        query = select(audit_log).order_by(audit_log.c.id).limit(_BATCH)
        first = query
        while True:
            with self._database.reading() as connection:
                rows = connection.execute(first).all()
            yield from map(_record, rows)
            if len(rows) < _BATCH:
                return
            last = rows[-1].id
            first = query.where(audit_log.c.id > last)

    def recent(
        self, limit: int | None, of: ResourceId | None = None
    ) -> tuple[AuditRecord, ...]:
        """Return the latest rows, newest first; all of them if ``limit`` is None."""
        query = select(audit_log).order_by(desc(audit_log.c.id)).limit(limit)
        if of is not None:
            query = query.where(
                audit_log.c.kind == of.kind, audit_log.c.name == of.name
            )
        with self._database.reading() as connection:
            return tuple(map(_record, connection.execute(query)))

    @staticmethod
    def _lock(connection: Connection) -> None:
        if connection.dialect.name != "sqlite":
            lock = text("SELECT pg_advisory_xact_lock(:number)")
            connection.execute(lock, {"number": _APPEND_LOCK})


def _row(record: AuditRecord) -> dict[str, Any]:
    entry = {name: getattr(record.entry, name) for name in _ENTRY}
    return {
        "id": record.id,
        "time": record.time,
        **entry,
        "previous": record.previous,
        "hash": record.hash,
    }


def _record(row: Any) -> AuditRecord:
    # SQLite accepts any type in a text column: a forged value must not end in an error.
    texts = {name: str(value) for name, value in row._mapping.items()}  # noqa: SLF001 - SQLAlchemy's public name
    entry = AuditEntry(**{name: texts[name] for name in _ENTRY})
    return AuditRecord(row.id, texts["time"], entry, texts["previous"], texts["hash"])
