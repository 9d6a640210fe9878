"""Events of resources; a repeated event only increases its count."""

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
    """An event of one resource and the number of its occurrences.

    Attributes:
        resource: Resource that the event is about.
        type: ``Normal``, or ``Warning`` if an operator may need to act.
        reason: CamelCase word for programs to match.
        message: One sentence for the user.
        count: Number of occurrences.
        first_seen: Time of the first occurrence.
        last_seen: Time of the latest occurrence.
    """

    resource: ResourceId
    type: EventKind
    reason: str
    message: str
    count: int
    first_seen: datetime
    last_seen: datetime


class EventLog:
    """Events of all resources, one row for each distinct event."""

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
        """Add one event, or increase the count of an identical one."""
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
        """Return the latest events, newest first."""
        query = select(events).order_by(desc(events.c.last_seen), desc(events.c.id))
        if resource is not None:
            query = query.where(
                events.c.kind == resource.kind, events.c.name == resource.name
            )
        with self._database.reading() as connection:
            return tuple(_event(row) for row in connection.execute(query.limit(limit)))


def _digest(resource: ResourceId, type_: str, reason: str, message: str) -> str:
    text = canonical_json([str(resource), type_, reason, message])
    return sha256(text.encode(errors="backslashreplace")).hexdigest()


def _event(row: Any) -> RecordedEvent:
    return RecordedEvent(
        resource=ResourceId(row.kind, row.name),
        type=row.type,
        reason=row.reason,
        message=row.message,
        count=row.count,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
    )
