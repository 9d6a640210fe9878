"""Registrations announced to each webhook target.

An announcement is one transaction: the events, and one delivery of each event to
the target. Repeating an announcement inserts nothing.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select, update

from controller.core.webhooks.delivery import DeliveryState
from controller.core.webhooks.event import (
    DEFAULT_PROFILE,
    MODEL_REGISTERED,
    ProfileBody,
    VersionIdentity,
    WebhookEvent,
)
from controller.core.webhooks.parity import (
    PARITY_WINDOW,
    ParityReport,
    PublicationPair,
    parity_report,
)
from controller.core.webhooks.publication_phase import (
    WEBHOOK_ONLY,
    WEBHOOK_PRIMARY,
    Phase,
    phase_named,
)
from controller.core.webhooks.records import SINKS, KnownTarget, Sink
from controller.core.webhooks.resource_event import (
    RESOURCE_EVENTS,
    LatestEvent,
    topic_of,
)
from controller.store.breakers import breaker_key, close_breaker
from controller.store.database import Database
from controller.store.delivery_states import HELD, state_of, state_of_columns
from controller.store.redrive import redrive_dead
from controller.store.sql import insert_new
from controller.store.tables import (
    deliveries,
    event_bodies,
    pruned_deliveries,
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
        self,
        name: str,
        url: str,
        baseline: datetime | None,
        now: datetime,
        phase: Phase = WEBHOOK_ONLY,
    ) -> KnownTarget:
        """Record the target unless it exists, and return it as recorded.

        The baseline and the phase of an existing target do not change.
        """
        row = {
            "name": name,
            "url": url,
            "baseline": baseline,
            "first_seen": now,
            "phase": phase,
        }
        query = select(webhook_targets).where(webhook_targets.c.name == name)
        with self._database.writing() as connection:
            insert_new(connection, webhook_targets, [row], ["name"])
            return _target(connection.execute(query).one())

    def announced(self, target: str) -> frozenset[VersionIdentity]:
        """Return the versions announced to ``target``, delivered or not."""
        return frozenset(self.delivery_states().get(target, ()))

    def delivery_states(self) -> Mapping[str, Mapping[VersionIdentity, DeliveryState]]:
        """Return the state of the webhook of each announced version, by target.

        Those whose delivery was deleted with the history are included.
        """
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
        query = (
            select(*columns)
            .join_from(deliveries, webhook_events)
            .where(deliveries.c.sink == "webhook", event.type == MODEL_REGISTERED)
        )
        found: dict[str, dict[VersionIdentity, DeliveryState]] = {}
        with self._database.reading() as connection:
            for row in connection.execute(query):
                identity = VersionIdentity(
                    row.registry, row.model, row.number, row.created_ms
                )
                found.setdefault(row.target, {})[identity] = state_of(row)
            for row in connection.execute(select(pruned_deliveries)):
                identity = VersionIdentity(
                    row.registry, row.model, row.number, row.created_ms
                )
                of_target = found.setdefault(row.target, {})
                of_target.setdefault(identity, DeliveryState(row.state))
        return found

    def retry(self, target: str) -> int:
        """Enable ``target`` and send what failed permanently again; return the number.

        Safe to repeat.
        """
        with self._database.writing() as connection:
            now = self._database.now(connection)
            for sink in SINKS:
                close_breaker(connection, breaker_key(target, sink))
            return sum(redrive_dead(connection, target, sink, now) for sink in SINKS)

    def set_phase(self, target: str, phase: Phase) -> None:
        """Record the phase of later events of ``target``. Safe to repeat."""
        with self._database.writing() as connection:
            connection.execute(
                update(webhook_targets)
                .where(webhook_targets.c.name == target)
                .values(phase=phase)
            )

    def latest_events(self, owner: str, resource: str) -> Mapping[str, LatestEvent]:
        """Return the latest event about ``resource`` by its topic."""
        event = webhook_events.c
        query = (
            select(event.type, event.body)
            .where(
                event.registry == owner,
                event.model == resource,
                event.number == 0,
                event.type.in_(RESOURCE_EVENTS),
            )
            .order_by(event.recorded, event.created_ms)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return {
            topic_of(row.type): LatestEvent(
                row.type, json.loads(row.body)["generation"]
            )
            for row in rows
        }

    def parity(self, target: str, phase: Phase) -> ParityReport:
        """Return the comparison of the events announced in ``phase`` and the window."""
        webhook, redis = deliveries.alias("webhook"), deliveries.alias("redis")
        columns = [
            column.label(f"{table.name}_{column.name}")
            for table in (webhook, redis)
            for column in (table.c.state, table.c.cause, table.c.ended)
        ]
        with self._database.reading() as connection:
            since = self._database.now(connection) - PARITY_WINDOW
            query = (
                select(webhook.c.event_id, *columns)
                .join_from(
                    webhook,
                    redis,
                    and_(
                        redis.c.event_id == webhook.c.event_id,
                        redis.c.target == webhook.c.target,
                    ),
                )
                .where(
                    webhook.c.target == target,
                    webhook.c.sink == "webhook",
                    redis.c.sink == "redis",
                    redis.c.phase == phase,
                    redis.c.recorded >= since,
                )
                .order_by(redis.c.id)
            )
            rows = connection.execute(query).all()
        return parity_report(phase, [_pair(row) for row in rows])

    def announce(
        self,
        target: str,
        sink: Sink,
        events: Sequence[WebhookEvent],
        now: datetime,
        *,
        phase: Phase = WEBHOOK_ONLY,
        messages: Sequence[WebhookEvent] = (),
    ) -> int:
        """Put ``events`` into the outbox for ``target``, all or none of them.

        Safe to repeat.

        Args:
            target: Target.
            sink: Sink of ``events``.
            events: Events with the payload of the sink.
            now: Current time.
            phase: Phase of the target.
            messages: The events that are also for Redis, with its payload.

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
            bodies += [_body(message) for message in messages]
            insert_new(connection, event_bodies, bodies, ["event_id", "profile"])
            rows = [_delivery(event, target, sink, phase, due) for event in events]
            rows += [_delivery(e, target, "redis", phase, due) for e in messages]
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


def _body(message: WebhookEvent) -> dict[str, Any]:
    return {
        "event_id": message.id,
        "profile": message.profile,
        "body": message.body,
    }


def _delivery(
    event: WebhookEvent, target: str, sink: Sink, phase: Phase, due: datetime
) -> dict[str, Any]:
    is_held = sink == "redis" and phase == WEBHOOK_PRIMARY
    return {
        "event_id": event.id,
        "target": target,
        "sink": sink,
        "profile": event.profile,
        "state": DeliveryState.PENDING.value,
        "attempts": 0,
        "next_at": due,
        "recorded": due,
        "phase": phase,
        "cause": HELD if is_held else "",
    }


def _target(row: Any) -> KnownTarget:
    return KnownTarget(
        row.name, row.url, row.baseline, row.first_seen, phase_named(row.phase)
    )


def _pair(row: Any) -> PublicationPair:
    webhook = state_of_columns(row.webhook_state, row.webhook_cause)
    redis = state_of_columns(row.redis_state, row.redis_cause)
    is_delivered = DeliveryState.DELIVERED
    return PublicationPair(
        row.event_id,
        webhook,
        redis,
        row.webhook_ended if webhook is is_delivered else None,
        row.redis_ended if redis is is_delivered else None,
    )
