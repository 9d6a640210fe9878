"""Deletion of history that is older than the declared age.

What decisions need stays: open intents, deliveries and their events, the attempts of
deliveries that have not ended, and the last applied spec of a resource that is managed.
The audit log stays whole, since its verification begins with the first row.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Delete, and_, delete, exists, select, tuple_

from controller.core.webhooks.delivery import DeliveryState
from controller.store.database import Database
from controller.store.tables import (
    attempts,
    conditions,
    deliveries,
    events,
    intents,
    notes,
)

# Rows of one transaction: other writers wait for it.
BATCH = 500
# Transactions of one call and table; the next call continues.
_BATCHES = 20


class History:
    """History in the store: events, intents, notes and attempts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def prune(self, before: datetime) -> int:
        """Delete history from before ``before``, oldest first, in short transactions.

        Safe to repeat and to interrupt. One call deletes a bounded number of rows.

        Returns:
            Number of deleted rows.
        """
        deleted = 0
        for statement in _statements(before):
            for _ in range(_BATCHES):
                with self._database.writing() as connection:
                    count = connection.execute(statement).rowcount
                deleted += count
                if count < BATCH:
                    break
        return deleted


def _statements(before: datetime) -> Iterator[Delete]:
    yield _oldest(events, (events.c.id,), events.c.last_seen < before)
    ended = and_(intents.c.ended.is_not(None), intents.c.ended < before)
    yield _oldest(intents, (intents.c.id,), ended)
    managed = exists().where(
        conditions.c.kind == notes.c.kind, conditions.c.name == notes.c.name
    )
    of_note = notes.c.kind, notes.c.name, notes.c.key
    yield _oldest(notes, of_note, and_(notes.c.written < before, ~managed))
    done = exists().where(
        deliveries.c.id == attempts.c.delivery_id,
        deliveries.c.state != DeliveryState.PENDING.value,
    )
    of_attempt = attempts.c.delivery_id, attempts.c.number
    yield _oldest(attempts, of_attempt, and_(attempts.c.started < before, done))


def _oldest(
    table: Any, keys: tuple[Any, ...], condition: ColumnElement[bool]
) -> Delete:
    """Return a deletion of at most ``BATCH`` rows, in the order of ``keys``."""
    some = select(*keys).where(condition).order_by(*keys).limit(BATCH)
    return delete(table).where(tuple_(*keys).in_(some))
