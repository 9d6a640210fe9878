"""Which registrations were announced to whom.

An announcement is one transaction: the events, and a delivery of each to one
target. Announcing again what was announced inserts nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select, true

from controller.core.webhooks.delivery import DeliveryState
from controller.core.webhooks.event import VersionIdentity, WebhookEvent
from controller.core.webhooks.records import KnownTarget, Sink
from controller.store.database import Database
from controller.store.sql import insert_new
from controller.store.tables import (
    deliveries,
    event_bodies,
    webhook_events,
    webhook_targets,
)


class AnnouncementLedger:
    """Targets, and what each of them was told or will be."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def targets(self) -> dict[str, KnownTarget]:
        """Return all targets that were ever seen, by name."""
        with self._database.reading() as connection:
            rows = connection.execute(select(webhook_targets)).all()
        return {row.name: _target(row) for row in rows}

    def add_target(
        self, name: str, url: str, baseline: datetime | None, now: datetime
    ) -> KnownTarget:
        """Return the target; its baseline is what it was at first sight."""
        row = {"name": name, "url": url, "baseline": baseline, "first_seen": now}
        query = select(webhook_targets).where(webhook_targets.c.name == name)
        with self._database.writing() as connection:
            insert_new(connection, webhook_targets, [row], ["name"])
            return _target(connection.execute(query).one())

    def announced(self, target: str) -> frozenset[VersionIdentity]:
        """Return the versions that ``target`` was told of, or will be."""
        return self.all_announced().get(target, frozenset())

    def all_announced(self) -> Mapping[str, frozenset[VersionIdentity]]:
        """Return, for each target, the versions it was told of or will be."""
        return self._identities(true())

    def all_ended(self) -> Mapping[str, frozenset[VersionIdentity]]:
        """Return, for each target, the versions whose delivery came to an end.

        Delivered or given up: either way nothing more is sent by itself.
        """
        return self._identities(deliveries.c.state != DeliveryState.PENDING.value)

    def announce(
        self, target: str, sink: Sink, events: Sequence[WebhookEvent], now: datetime
    ) -> int:
        """Put ``events`` into the outbox for ``target``, all or none of them.

        Returns how many deliveries are new. Safe to repeat.
        """
        if not events:
            return 0
        with self._database.writing() as connection:
            due = self._database.now(connection)
            insert_new(
                connection, webhook_events, [_event(e, now) for e in events], ["id"]
            )
            bodies = [_body(event) for event in events]
            insert_new(connection, event_bodies, bodies, ["event_id", "profile"])
            rows = [_delivery(event, target, sink, due) for event in events]
            return insert_new(
                connection, deliveries, rows, ["event_id", "target", "sink"]
            )

    def _identities(
        self, which: ColumnElement[bool]
    ) -> Mapping[str, frozenset[VersionIdentity]]:
        event = webhook_events.c
        query = (
            select(
                deliveries.c.target,
                event.registry,
                event.model,
                event.number,
                event.created_ms,
            )
            .join_from(deliveries, webhook_events)
            .where(which)
            .distinct()
        )
        found: dict[str, set[VersionIdentity]] = {}
        with self._database.reading() as connection:
            for target, *identity in connection.execute(query):
                found.setdefault(target, set()).add(VersionIdentity(*identity))
        return {target: frozenset(seen) for target, seen in found.items()}


def _event(event: WebhookEvent, now: datetime) -> dict[str, Any]:
    return {
        "id": event.id,
        "type": event.type,
        "registry": event.identity.registry,
        "model": event.identity.model,
        "number": event.identity.number,
        "created_ms": event.identity.created_ms,
        "body": event.body,
        "recorded": now,
    }


def _body(event: WebhookEvent) -> dict[str, Any]:
    return {"event_id": event.id, "profile": event.profile, "body": event.body}


def _delivery(
    event: WebhookEvent, target: str, sink: Sink, due: datetime
) -> dict[str, Any]:
    return {
        "event_id": event.id,
        "target": target,
        "sink": sink,
        "profile": event.profile,
        "state": DeliveryState.PENDING.value,
        "attempts": 0,
        "next_at": due,
        "recorded": due,
    }


def _target(row: Any) -> KnownTarget:
    return KnownTarget(row.name, row.url, row.baseline, row.first_seen)
