"""What happened, in sentences; the same sentence again is only counted."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal

from sqlalchemy import desc, select, update

from controller.core.document.resource import ResourceId
from controller.core.values.identity import canonical_json
from controller.store.database import Database
from controller.store.sql import insert_new
from controller.store.tables import events

EventKind = Literal["Normal", "Warning"]


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """Something that happened to a resource, and how often.

    Attributes:
        resource: What it happened to.
        type: ``Normal``, or ``Warning`` if a person may want to know.
        reason: One CamelCase word that a program can match.
        message: One sentence for a person.
        count: How often it was recorded.
        first_seen: When it was recorded first.
        last_seen: When it was recorded last.
    """

    resource: ResourceId
    type: EventKind
    reason: str
    message: str
    count: int
    first_seen: datetime
    last_seen: datetime


class EventLog:
    """What happened to the resources."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(
        self,
        resource: ResourceId,
        type_: EventKind,
        reason: str,
        message: str,
        now: datetime,
    ) -> None:
        """Add one happening, or count it if it is known."""
        digest = _digest(resource, type_, reason, message)
        row = {
            "digest": digest,
            "kind": resource.kind,
            "name": resource.name,
            "type": type_,
            "reason": reason,
            "message": message,
            "count": 1,
            "first_seen": now,
            "last_seen": now,
        }
        with self._database.writing() as connection:
            if insert_new(connection, events, [row], ["digest"]):
                return
            connection.execute(
                update(events)
                .where(events.c.digest == digest)
                .values(count=events.c.count + 1, last_seen=now)
            )

    def recent(
        self, limit: int, resource: ResourceId | None = None
    ) -> tuple[RecordedEvent, ...]:
        """Return the latest happenings, the last one first."""
        query = select(events).order_by(desc(events.c.last_seen), desc(events.c.id))
        if resource is not None:
            query = query.where(
                events.c.kind == resource.kind, events.c.name == resource.name
            )
        with self._database.reading() as connection:
            return tuple(_happening(r) for r in connection.execute(query.limit(limit)))


def _digest(resource: ResourceId, type_: str, reason: str, message: str) -> str:
    text = canonical_json([str(resource), type_, reason, message])
    return sha256(text.encode()).hexdigest()


def _happening(row: Any) -> RecordedEvent:
    return RecordedEvent(
        resource=ResourceId(row.kind, row.name),
        type=row.type,
        reason=row.reason,
        message=row.message,
        count=row.count,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
    )
