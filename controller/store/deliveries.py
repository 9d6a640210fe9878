"""Reports on webhook deliveries and their attempts."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, desc, func, select

from controller.core.webhooks.breaker import Breaker
from controller.core.webhooks.delivery import DeliveryState
from controller.core.webhooks.delivery_requests import (
    DeliveryDetails,
    DeliverySelection,
)
from controller.core.webhooks.event import VersionIdentity
from controller.core.webhooks.records import (
    DeliveryAttempt,
    DeliveryReport,
    Sink,
    TargetRecord,
)
from controller.store.breakers import all_breakers, breaker_key, breaker_of, breakers_of
from controller.store.database import Database
from controller.store.delivery_states import BLOCKED, state_of
from controller.store.redrive import matching
from controller.store.tables import (
    attempts,
    deliveries,
    event_bodies,
    webhook_events,
)
from controller.store.target_records import target_records

_event = webhook_events.c
_REPORTS = select(deliveries, _event.model, _event.number, _event.type).join_from(
    deliveries, webhook_events
)


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

    def records(self) -> Mapping[str, TargetRecord]:
        """Return the records of targets by name; a target may have none."""
        with self._database.reading() as connection:
            return target_records(connection)

    def list(
        self,
        limit: int,
        target: str | None = None,
        state: DeliveryState | None = None,
        sink: Sink | None = None,
    ) -> tuple[DeliveryReport, ...]:
        """Return the latest deliveries, newest first."""
        chosen = DeliverySelection(target=target, state=state, sink=sink)
        return self.selected(chosen, limit)

    def selected(
        self, chosen: DeliverySelection, limit: int
    ) -> tuple[DeliveryReport, ...]:
        """Return the latest of the ``chosen`` deliveries, newest first."""
        query = (
            _REPORTS.where(matching(chosen))
            .order_by(desc(deliveries.c.id))
            .limit(limit)
        )
        with self._database.reading() as connection:
            reports = [_report(row) for row in connection.execute(query)]
            keys = {breaker_key(one.target, one.sink) for one in reports}
            breakers = breakers_of(connection, keys)
            now = self._database.now(connection)
        return tuple(_with_pause(one, breakers, now) for one in reports)

    def of_version(self, identity: VersionIdentity) -> tuple[DeliveryReport, ...]:
        """Return the webhook deliveries of one registration, oldest first."""
        query = _REPORTS.where(
            _event.registry == identity.registry,
            _event.model == identity.model,
            _event.number == identity.number,
            _event.created_ms == identity.created_ms,
            deliveries.c.sink == "webhook",
        ).order_by(deliveries.c.id)
        with self._database.reading() as connection:
            return tuple(_report(row) for row in connection.execute(query))

    def details(self, delivery_id: int) -> DeliveryDetails | None:
        """Return one delivery with its attempts; None if it does not exist."""
        with self._database.reading() as connection:
            query = _REPORTS.where(deliveries.c.id == delivery_id)
            row = connection.execute(query).first()
            if row is None:
                return None
            return DeliveryDetails(
                _report(row),
                _attempts(connection, delivery_id),
                _payload(connection, row),
                breaker_of(connection, breaker_key(row.target, row.sink)),
                self._database.now(connection),
            )

    def attempts(self, delivery_id: int) -> tuple[DeliveryAttempt, ...]:
        """Return every attempt at one delivery, oldest first."""
        with self._database.reading() as connection:
            return _attempts(connection, delivery_id)


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
        type=row.type,
        cause=row.cause,
        claimed_until=row.claimed_until,
        is_blocked=row.state == DeliveryState.PENDING.value and row.cause == BLOCKED,
        sink=row.sink,
        phase=row.phase,
    )


def _with_pause(
    report: DeliveryReport,
    breakers: Mapping[str, tuple[Breaker, datetime | None]],
    now: datetime,
) -> DeliveryReport:
    """Return ``report`` with the pause of its target, if it is pending."""
    found = breakers.get(breaker_key(report.target, report.sink))
    if found is None or report.state is not DeliveryState.PENDING:
        return report
    breaker, _ = found
    return replace(
        report,
        paused_until=breaker.blocked_until(now),
        is_paused=bool(breaker.disabled),
    )


def _payload(connection: Connection, row: Any) -> str:
    """Return the body in the payload profile of a delivery."""
    bodies = event_bodies.c
    query = select(bodies.body).where(
        bodies.event_id == row.event_id, bodies.profile == row.profile
    )
    found = connection.execute(query).scalar()
    if found is None:
        event = webhook_events.c
        query = select(event.body).where(event.id == row.event_id)
        found = connection.execute(query).scalar_one()
    return bytes(found).decode(errors="replace")


def _attempts(connection: Connection, delivery_id: int) -> tuple[DeliveryAttempt, ...]:
    query = (
        select(attempts)
        .where(attempts.c.delivery_id == delivery_id)
        .order_by(attempts.c.number)
    )
    return tuple(_attempt(row) for row in connection.execute(query))


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
