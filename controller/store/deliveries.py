"""Reports on webhook deliveries and their attempts."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import desc, func, select

from controller.core.webhooks.breaker import Breaker
from controller.core.webhooks.delivery import DeliveryState
from controller.core.webhooks.event import VersionIdentity
from controller.core.webhooks.records import DeliveryAttempt, DeliveryReport, Sink
from controller.store.breakers import all_breakers
from controller.store.database import Database
from controller.store.delivery_states import BLOCKED, in_state, state_of
from controller.store.tables import attempts, deliveries, webhook_events


class DeliveryLog:
    """Read-only view of the outbox."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def counts(
        self, sink: Sink = "webhook"
    ) -> Mapping[str, Mapping[DeliveryState, int]]:
        """Return the number of deliveries to ``sink`` in each state, by target."""
        columns = deliveries.c.target, deliveries.c.state, deliveries.c.cause
        query = (
            select(*columns, func.count().label("number"))
            .where(deliveries.c.sink == sink)
            .group_by(*columns)
        )
        found: dict[str, dict[DeliveryState, int]] = {}
        with self._database.reading() as connection:
            for row in connection.execute(query):
                by_state = found.setdefault(row.target, dict.fromkeys(DeliveryState, 0))
                by_state[state_of(row)] += row.number
        return found

    def breakers(self) -> Mapping[str, Breaker]:
        """Return the circuit breakers by target; a target without one is closed."""
        with self._database.reading() as connection:
            return all_breakers(connection)

    def list(
        self,
        limit: int,
        target: str | None = None,
        state: DeliveryState | None = None,
        sink: Sink | None = None,
    ) -> tuple[DeliveryReport, ...]:
        """Return the latest deliveries, newest first."""
        event = webhook_events.c
        query = select(deliveries, event.model, event.number).join_from(
            deliveries, webhook_events
        )
        if target is not None:
            query = query.where(deliveries.c.target == target)
        if sink is not None:
            query = query.where(deliveries.c.sink == sink)
        if state is not None:
            query = query.where(*in_state(state))
        query = query.order_by(desc(deliveries.c.id)).limit(limit)
        with self._database.reading() as connection:
            return tuple(_report(row) for row in connection.execute(query))

    def of_version(self, identity: VersionIdentity) -> tuple[DeliveryReport, ...]:
        """Return the webhook deliveries of one registration, oldest first."""
        event = webhook_events.c
        query = (
            select(deliveries, event.model, event.number)
            .join_from(deliveries, webhook_events)
            .where(
                event.registry == identity.registry,
                event.model == identity.model,
                event.number == identity.number,
                event.created_ms == identity.created_ms,
                deliveries.c.sink == "webhook",
            )
            .order_by(deliveries.c.id)
        )
        with self._database.reading() as connection:
            return tuple(_report(row) for row in connection.execute(query))

    def attempts(self, delivery_id: int) -> tuple[DeliveryAttempt, ...]:
        """Return every attempt at one delivery, oldest first."""
        query = (
            select(attempts)
            .where(attempts.c.delivery_id == delivery_id)
            .order_by(attempts.c.number)
        )
        with self._database.reading() as connection:
            return tuple(_attempt(row) for row in connection.execute(query))


def _report(row: Any) -> DeliveryReport:
    return DeliveryReport(
        id=row.id,
        event_id=row.event_id,
        model=row.model,
        number=row.number,
        target=row.target,
        state=state_of(row),
        attempts=row.attempts,
        next_at=row.next_at,
        reason=row.reason,
        recorded=row.recorded,
        ended=row.ended,
        is_blocked=row.state == DeliveryState.PENDING.value and row.cause == BLOCKED,
        sink=row.sink,
        phase=row.phase,
    )


def _attempt(row: Any) -> DeliveryAttempt:
    return DeliveryAttempt(
        number=row.number,
        outcome=row.outcome,
        started=row.started,
        ended=row.ended,
        status=row.status,
        error=row.error,
        seconds=row.seconds,
        possible_duplicate=row.possible_duplicate,
    )
