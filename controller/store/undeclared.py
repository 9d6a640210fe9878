"""What was seen to be ours and no longer declared, and since when.

Nothing is deleted on one pass's word: it must have been undeclared before.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select

from controller.core.document.resource import ResourceId
from controller.store.database import Database
from controller.store.sql import insert_new
from controller.store.tables import undeclared


class UndeclaredLog:
    """Resources that were seen undeclared. Writes only when that changes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def since(self) -> dict[ResourceId, datetime]:
        """Return when each resource was first seen undeclared."""
        with self._database.reading() as connection:
            rows = connection.execute(select(undeclared)).all()
        return {ResourceId(row.kind, row.name): row.first_seen for row in rows}

    def replace(self, seen: Collection[ResourceId], now: datetime) -> None:
        """Remember ``seen``, each since it was first seen, and forget all others."""
        known = set(self.since())
        added, gone = set(seen) - known, known - set(seen)
        if not added and not gone:
            return
        rows = [
            {"kind": r.kind, "name": r.name, "first_seen": now} for r in sorted(added)
        ]
        with self._database.writing() as connection:
            insert_new(connection, undeclared, rows, ["kind", "name"])
            for resource in sorted(gone):
                connection.execute(
                    delete(undeclared).where(
                        undeclared.c.kind == resource.kind,
                        undeclared.c.name == resource.name,
                    )
                )
