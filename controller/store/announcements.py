"""Registrations announced to each webhook target.

An announcement is one transaction: the events, and one delivery of each event to
the target. Repeating an announcement inserts nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from controller.core.webhooks.delivery import DeliveryState
from controller.core.webhooks.event import (
    DEFAULT_PROFILE,
    ProfileBody,
    VersionIdentity,
    WebhookEvent,
)
from controller.core.webhooks.records import KnownTarget, Sink
from controller.store.breakers import close_breaker
from controller.store.database import Database
from controller.store.redrive import redrive_dead, state_of
from controller.store.sql import insert_new
from controller.store.tables import (
    deliveries,
    event_bodies,
    webhook_events,
    webhook_targets,
)


class AnnouncementLedger:
    """Webhook targets and the versions announced to each of them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def targets(self) -> dict[str, KnownTarget]:
        """Return every target ever recorded, by name."""
        with self._database.reading() as connection:
            rows = connection.execute(select(webhook_targets)).all()
        return {row.name: _target(row) for row in rows}

    def add_target(
        self, name: str, url: str, baseline: datetime | None, now: datetime
    ) -> KnownTarget:
        """Record the target unless it exists, and return it as recorded.

        The baseline of an existing target does not change.
        """
        row = {"name": name, "url": url, "baseline": baseline, "first_seen": now}
        query = select(webhook_targets).where(webhook_targets.c.name == name)
        with self._database.writing() as connection:
            insert_new(connection, webhook_targets, [row], ["name"])
            return _target(connection.execute(query).one())

    def announced(self, target: str) -> frozenset[VersionIdentity]:
        """Return the versions announced to ``target``, delivered or not."""
        return frozenset(self.delivery_states().get(target, ()))

    def delivery_states(self) -> Mapping[str, Mapping[VersionIdentity, DeliveryState]]:
        """Return the state of the delivery of each announced version, by target."""
        event = webhook_events.c
        columns = (
            deliveries.c.target,
            deliveries.c.state,
            deliveries.c.cause,
            event.registry,
            event.model,
            event.number,
            event.created_ms,
        )
        query = select(*columns).join_from(deliveries, webhook_events)
        found: dict[str, dict[VersionIdentity, DeliveryState]] = {}
        with self._database.reading() as connection:
            for row in connection.execute(query):
                identity = VersionIdentity(
                    row.registry, row.model, row.number, row.created_ms
                )
                found.setdefault(row.target, {})[identity] = state_of(row)
        return found

    def retry(self, target: str) -> int:
        """Enable ``target`` and send what failed permanently again; return the number.

        Safe to repeat.
        """
        with self._database.writing() as connection:
            close_breaker(connection, target)
            now = self._database.now(connection)
            return redrive_dead(connection, target, now)

    def announce(
        self, target: str, sink: Sink, events: Sequence[WebhookEvent], now: datetime
    ) -> int:
        """Put ``events`` into the outbox for ``target``, all or none of them.

        Safe to repeat.

        Returns:
            Number of new deliveries.
        """
        if not events:
            return 0
        with self._database.writing() as connection:
            due = self._database.now(connection)
            insert_new(
                connection, webhook_events, [_event(e, now) for e in events], ["id"]
            )
            bodies = [row for event in events for row in _bodies(event)]
            insert_new(connection, event_bodies, bodies, ["event_id", "profile"])
            rows = [_delivery(event, target, sink, due) for event in events]
            return insert_new(
                connection, deliveries, rows, ["event_id", "target", "sink"]
            )


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


def _bodies(event: WebhookEvent) -> list[dict[str, Any]]:
    bodies = (ProfileBody(DEFAULT_PROFILE, event.body), *event.bodies)
    return [
        {"event_id": event.id, "profile": body.profile, "body": body.body}
        for body in bodies
    ]


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
