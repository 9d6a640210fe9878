"""Deletion of history that is older than the declared age.

What decisions need stays: open intents, deliveries that have not ended, the latest event
of each kind about a resource, and the last applied spec of a resource that is managed.
Of a deleted delivery of a registration, a row of five keys and a state stays: the version
is not announced again, and the account of its target stays complete. Attempts stay with
their delivery: they decide if it is a possible duplicate when it is sent again.
The audit log stays whole, since its verification begins with the first row.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Delete,
    and_,
    case,
    delete,
    exists,
    or_,
    select,
    tuple_,
)

from controller.core.webhooks.delivery import DeliveryState
from controller.core.webhooks.event import MODEL_REGISTERED
from controller.core.webhooks.parity import PARITY_WINDOW
from controller.core.webhooks.resource_event import DEGRADED, RECOVERED
from controller.store.database import Database
from controller.store.delivery_states import in_state, state_of
from controller.store.sql import insert_new
from controller.store.tables import (
    attempts,
    conditions,
    deliveries,
    event_bodies,
    events,
    intents,
    notes,
    pruned_deliveries,
    webhook_events,
)

# Rows of one transaction: other writers wait for it.
BATCH = 500
# Transactions of one call and table; the next call continues.
_BATCHES = 20
_KEYS = ("target", "registry", "model", "number", "created_ms")


@dataclass(frozen=True, slots=True)
class Pruned:
    """Numbers of deleted rows.

    Attributes:
        rows: All rows.
        dead: Deliveries among them that had failed permanently.
    """

    rows: int = 0
    dead: int = 0


@dataclass(frozen=True, slots=True)
class HistoryAges:
    """Ages after which history is deleted.

    Attributes:
        history: Events, actions, and deliveries that have ended, with their attempts.
        dead: Deliveries that failed permanently, with their attempts.
    """

    history: timedelta = timedelta(days=90)
    dead: timedelta = timedelta(days=365)


class History:
    """History in the store: events, intents, notes, deliveries and attempts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def prune(self, before: datetime, dead_before: datetime | None = None) -> Pruned:
        """Delete history from before ``before``, oldest first, in short transactions.

        Safe to repeat and to interrupt. One call deletes a bounded number of rows.

        Args:
            before: End of the history to delete.
            dead_before: The same for deliveries that failed permanently; None to keep
                them.
        """
        rows = sum(self._deleted(statement) for statement in _statements(before))
        ended, dead = self._deliveries(before, dead_before)
        for statement in _event_statements(before):
            rows += self._deleted(statement)
        return Pruned(rows + ended, dead)

    def _deleted(self, statement: Delete) -> int:
        """Delete in batches, and return the number of rows."""
        deleted = 0
        for _ in range(_BATCHES):
            with self._database.writing() as connection:
                count = connection.execute(statement).rowcount
            deleted += count
            if count < BATCH:
                break
        return deleted

    def _deliveries(
        self, before: datetime, dead_before: datetime | None
    ) -> tuple[int, int]:
        """Delete ended deliveries with their attempts; return all, and the dead ones."""
        ended, dead = 0, 0
        for _ in range(_BATCHES):
            with self._database.writing() as connection:
                # Parity compares the deliveries of the last days.
                oldest = self._database.now(connection) - PARITY_WINDOW
                found = _ended(connection, min(before, oldest), dead_before)
                _keep_states(connection, found)
                _delete_deliveries(connection, [row.id for row in found])
            ended += len(found)
            dead += sum(state_of(row) is DeliveryState.DEAD for row in found)
            if len(found) < BATCH:
                break
        return ended, dead


def _ended(
    connection: Connection, before: datetime, dead_before: datetime | None
) -> list[Any]:
    """Return the oldest ended deliveries, locked, with the versions they are about."""
    delivery, event = deliveries.c, webhook_events.c
    is_dead = and_(*in_state(DeliveryState.DEAD))
    has_ended = delivery.state != DeliveryState.PENDING.value
    old = and_(has_ended, ~is_dead, delivery.ended < before)
    if dead_before is not None:
        old = or_(old, and_(is_dead, delivery.ended < min(before, dead_before)))
    query = (
        select(
            delivery.id,
            delivery.target,
            delivery.sink,
            delivery.state,
            delivery.cause,
            event.type,
            event.registry,
            event.model,
            event.number,
            event.created_ms,
        )
        .join_from(deliveries, webhook_events)
        .where(old)
        .order_by(delivery.id)
        .limit(BATCH)
        # A delivery that is sent again now is not deleted.
        .with_for_update(of=deliveries, skip_locked=True)
    )
    return [*connection.execute(query)]


def _keep_states(connection: Connection, found: list[Any]) -> None:
    """Keep the states of the deliveries that announce a version."""
    rows = [
        {**{key: getattr(row, key) for key in _KEYS}, "state": state_of(row).value}
        for row in found
        if row.type == MODEL_REGISTERED and row.sink == "webhook"
    ]
    if rows:
        insert_new(connection, pruned_deliveries, rows, list(_KEYS))


def _delete_deliveries(connection: Connection, ids: list[int]) -> None:
    connection.execute(delete(attempts).where(attempts.c.delivery_id.in_(ids)))
    connection.execute(delete(deliveries).where(deliveries.c.id.in_(ids)))


def _statements(before: datetime) -> Iterator[Delete]:
    yield _oldest(events, (events.c.id,), events.c.last_seen < before)
    ended = and_(intents.c.ended.is_not(None), intents.c.ended < before)
    yield _oldest(intents, (intents.c.id,), ended)
    managed = exists().where(
        conditions.c.kind == notes.c.kind, conditions.c.name == notes.c.name
    )
    of_note = notes.c.kind, notes.c.name, notes.c.key
    yield _oldest(notes, of_note, and_(notes.c.written < before, ~managed))


def _event_statements(before: datetime) -> Iterator[Delete]:
    """Yield the deletions of events, bodies first, that no delivery refers to.

    The latest event of a topic about a resource tells the next one from a repetition.
    """
    event, later = webhook_events.c, webhook_events.alias("later").c
    is_used = exists().where(deliveries.c.event_id == event.id)
    has_later = exists().where(
        later.registry == event.registry,
        later.model == event.model,
        later.number == event.number,
        _topic(later.type) == _topic(event.type),
        tuple_(later.created_ms, later.id) > tuple_(event.created_ms, event.id),
    )
    is_over = or_(event.type == MODEL_REGISTERED, has_later)
    unused = and_(event.recorded < before, ~is_used, is_over)
    of_event = select(event.id).where(unused)
    of_body = event_bodies.c.event_id, event_bodies.c.profile
    yield _oldest(event_bodies, of_body, event_bodies.c.event_id.in_(of_event))
    has_body = exists().where(event_bodies.c.event_id == event.id)
    yield _oldest(webhook_events, (event.id,), and_(unused, ~has_body))


def _topic(type_: ColumnElement[str]) -> ColumnElement[str]:
    """Return the type that events of one topic share; see ``topic_of``."""
    return case((type_ == RECOVERED, DEGRADED), else_=type_)


def _oldest(
    table: Any, keys: tuple[Any, ...], condition: ColumnElement[bool]
) -> Delete:
    """Return a deletion of at most ``BATCH`` rows, in the order of ``keys``."""
    some = select(*keys).where(condition).order_by(*keys).limit(BATCH)
    return delete(table).where(tuple_(*keys).in_(some))
