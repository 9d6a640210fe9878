"""Managed resources that are no longer declared, with the time of first observation.

A resource is deleted only if an earlier pass also found it undeclared.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select

from controller.core.document.resource import ResourceId
from controller.store.database import Database
from controller.store.sql import insert_new
from controller.store.tables import undeclared


class UndeclaredLog:
    """Undeclared resources. Writes only when the set changes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def since(self) -> dict[ResourceId, datetime]:
        """Return the time of the first observation, by undeclared resource."""
        with self._database.reading() as connection:
            rows = connection.execute(select(undeclared)).all()
        return {ResourceId(row.kind, row.name): row.first_seen for row in rows}

    def replace(self, current: Collection[ResourceId], now: datetime) -> None:
        """Store ``current`` as the undeclared resources, and delete all others.

        A resource that is stored already keeps its time of first observation.
        """
        stored = set(self.since())
        added, removed = set(current) - stored, stored - set(current)
        if not added and not removed:
            return
        rows = [
            {"kind": r.kind, "name": r.name, "first_seen": now} for r in sorted(added)
        ]
        with self._database.writing() as connection:
            insert_new(connection, undeclared, rows, ["kind", "name"])
            for resource in sorted(removed):
                connection.execute(
                    delete(undeclared).where(
                        undeclared.c.kind == resource.kind,
                        undeclared.c.name == resource.name,
                    )
                )
