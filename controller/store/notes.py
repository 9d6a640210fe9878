"""Notes on resources: facts that no backend can be asked for later.

ECS deletes a stopped task within an hour, and the spec applied last is complete only
here. A lost note makes a message less precise; it never changes a decision.
"""

from collections.abc import Collection

from sqlalchemy import delete, select

from controller.core.document.resource import ResourceId
from controller.store.database import Database
from controller.store.sql import upsert
from controller.store.tables import notes


class StoredNotes:
    """Short texts about a resource, by key."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, id_: ResourceId) -> dict[str, str]:
        """Return the notes on one resource, by key."""
        query = select(notes.c.key, notes.c.text).where(
            notes.c.kind == id_.kind, notes.c.name == id_.name
        )
        with self._database.reading() as connection:
            return {row.key: row.text for row in connection.execute(query)}

    def under(self, key: str, ids: Collection[ResourceId]) -> dict[ResourceId, str]:
        """Return the notes under ``key`` by resource, for ``ids`` that have one."""
        query = select(notes.c.kind, notes.c.name, notes.c.text).where(
            notes.c.key == key, notes.c.name.in_([id_.name for id_ in ids])
        )
        with self._database.reading() as connection:
            found = {
                ResourceId(row.kind, row.name): row.text
                for row in connection.execute(query)
            }
        return {id_: text for id_, text in found.items() if id_ in ids}

    def by_key(self, keys: Collection[str]) -> dict[ResourceId, dict[str, str]]:
        """Return the notes under ``keys``, by resource and key."""
        query = select(notes).where(notes.c.key.in_(keys))
        found: dict[ResourceId, dict[str, str]] = {}
        with self._database.reading() as connection:
            for row in connection.execute(query):
                id_ = ResourceId(row.kind, row.name)
                found.setdefault(id_, {})[row.key] = row.text
        return found

    def keep(self, id_: ResourceId, key: str, text: str) -> None:
        """Store a note; it replaces an earlier one under the same key."""
        with self._database.writing() as connection:
            row = {
                "kind": id_.kind,
                "name": id_.name,
                "key": key,
                "text": text,
                "written": self._database.now(connection),
            }
            upsert(connection, notes, [row], ("kind", "name", "key"))

    def forget(self, id_: ResourceId, key: str) -> None:
        """Delete one note. Safe to repeat."""
        with self._database.writing() as connection:
            connection.execute(
                delete(notes).where(
                    notes.c.kind == id_.kind,
                    notes.c.name == id_.name,
                    notes.c.key == key,
                )
            )

    def drop(self, ids: Collection[ResourceId]) -> None:
        """Delete all notes on ``ids``."""
        if not ids:
            return
        with self._database.writing() as connection:
            for id_ in sorted(ids):
                connection.execute(
                    delete(notes).where(
                        notes.c.kind == id_.kind, notes.c.name == id_.name
                    )
                )
