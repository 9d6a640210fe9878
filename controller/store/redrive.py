"""Deliveries that are given up, sent again, or cancelled.

Functions with a connection join the transaction of their caller.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    false,
    func,
    or_,
    select,
    true,
    update,
)

from controller.core.webhooks.delivery import DeadCause, DeliveryState
from controller.core.webhooks.delivery_requests import (
    DeliveryCount,
    DeliverySelection,
)
from controller.store.database import Database
from controller.store.delivery_states import CANCELLED, in_state, state_of
from controller.store.tables import deliveries, webhook_events

# Causes that the recovery of the receiver removes. Earlier versions store no cause.
_EXHAUSTED = ("", DeadCause.EXHAUSTED.value, DeadCause.PARKED.value)

_BATCH = 500
_UNACCEPTED = frozenset(DeliveryState) - {DeliveryState.DELIVERED}

_table = deliveries.c
_KEYS = (_table.id, _table.target, _table.sink, _table.state, _table.cause)


class DeliveryRequests:
    """Requests of operators about deliveries. Every request is safe to repeat."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def count(
        self, chosen: DeliverySelection, states: Collection[DeliveryState]
    ) -> tuple[DeliveryCount, ...]:
        """Return the numbers of ``chosen`` deliveries in ``states``."""
        condition = and_(matching(chosen), _in_states(states))
        query = select(*_KEYS).where(condition)
        with self._database.reading() as connection:
            return _counted(connection.execute(query).all())

    def redrive(
        self,
        chosen: DeliverySelection,
        states: Collection[DeliveryState] = _UNACCEPTED,
    ) -> tuple[DeliveryCount, ...]:
        """Send ``chosen`` deliveries in ``states`` again, from the start of the schedule.

        A pending delivery is sent at once. A delivery that is held or superseded is sent
        only if its id is chosen. The event keeps its id.

        Returns:
            Numbers of deliveries that are sent again, by their state before.
        """
        with self._database.writing() as connection:
            if chosen.ids is None:
                states = {*states} - {DeliveryState.HELD, DeliveryState.SUPERSEDED}
            found = _locked(connection, and_(matching(chosen), _in_states(states)))
            now = self._database.now(connection)
            for some in _batches(found):
                _redrive(connection, _table.id.in_(some), now)
            return _counted(found)

    def cancel(
        self, chosen: DeliverySelection, reason: str
    ) -> tuple[DeliveryCount, ...]:
        """Cancel pending and dead deliveries; return their numbers.

        An attempt in progress is not stopped; if it succeeds, that is recorded.
        """
        states = (DeliveryState.PENDING, DeliveryState.HELD, DeliveryState.DEAD)
        with self._database.writing() as connection:
            found = _locked(connection, and_(matching(chosen), _in_states(states)))
            now = self._database.now(connection)
            for some in _batches(found):
                _cancel(connection, _table.id.in_(some), reason, now)
            return _counted(found)

    def cancel_undeclared(
        self, declared: Collection[str], reason: str
    ) -> Mapping[str, int]:
        """Cancel the pending deliveries of targets that are not in ``declared``.

        Returns the number of cancelled deliveries, by target.
        """
        found = self.pending_undeclared(declared)
        if found:
            with self._database.writing() as connection:
                now = self._database.now(connection)
                _cancel(connection, _pending_undeclared(declared), reason, now)
        return found

    def pending_undeclared(self, declared: Collection[str]) -> Mapping[str, int]:
        """Return the number of pending deliveries of other targets than ``declared``."""
        query = (
            select(_table.target, func.count().label("number"))
            .where(_pending_undeclared(declared))
            .group_by(_table.target)
        )
        with self._database.reading() as connection:
            return {row.target: row.number for row in connection.execute(query)}


def _pending_undeclared(declared: Collection[str]) -> ColumnElement[bool]:
    return and_(
        _table.state == DeliveryState.PENDING.value, _table.target.not_in(declared)
    )


def redrive_exhausted(
    connection: Connection, target: str, sink: str, now: datetime
) -> int:
    """Send the deliveries again that failed because ``target`` was not reachable."""
    condition = and_(
        _table.target == target,
        _table.sink == sink,
        _table.state == DeliveryState.DEAD.value,
        _table.cause.in_(_EXHAUSTED),
    )
    return _redrive(connection, condition, now)


def redrive_dead(connection: Connection, target: str, sink: str, now: datetime) -> int:
    """Send all dead deliveries of ``target`` again, but not those cancelled."""
    dead = _table.target == target, _table.sink == sink, *in_state(DeliveryState.DEAD)
    return _redrive(connection, and_(*dead), now)


def expire(
    connection: Connection,
    target: str,
    sink: str,
    before: datetime,
    reason: str,
    now: datetime,
) -> int:
    """Give up deliveries whose schedule began at ``before`` or earlier."""
    statement = (
        update(deliveries)
        .where(
            _table.target == target,
            _table.sink == sink,
            *in_state(DeliveryState.PENDING),
            func.coalesce(_table.begun, _table.recorded) <= before,
            or_(_table.claimed_until.is_(None), _table.claimed_until <= now),
        )
        .values(
            state=DeliveryState.DEAD.value,
            cause=DeadCause.EXHAUSTED.value,
            reason=reason,
            ended=now,
        )
    )
    return connection.execute(statement).rowcount


def _redrive(
    connection: Connection, condition: ColumnElement[bool], now: datetime
) -> int:
    statement = (
        update(deliveries)
        .where(condition)
        .values(
            state=DeliveryState.PENDING.value,
            cause="",
            reason="",
            charged=0,
            begun=now,
            next_at=now,
            ended=None,
        )
    )
    return connection.execute(statement).rowcount


def _cancel(
    connection: Connection, condition: ColumnElement[bool], reason: str, now: datetime
) -> int:
    statement = (
        update(deliveries)
        .where(condition)
        .values(
            state=DeliveryState.DEAD.value, cause=CANCELLED, reason=reason, ended=now
        )
    )
    return connection.execute(statement).rowcount


def matching(chosen: DeliverySelection) -> ColumnElement[bool]:
    """Return the condition for the ``chosen`` deliveries."""
    found: list[ColumnElement[bool]] = []
    if chosen.ids is not None:
        found.append(_table.id.in_(chosen.ids))
    if chosen.target is not None:
        found.append(_table.target == chosen.target)
    if chosen.sink is not None:
        found.append(_table.sink == chosen.sink)
    if chosen.model is not None:
        of_model = select(webhook_events.c.id).where(
            webhook_events.c.model == chosen.model
        )
        found.append(_table.event_id.in_(of_model))
    if chosen.since is not None:
        found.append(_table.recorded >= chosen.since)
    match chosen.state:
        case DeliveryState():
            found += in_state(chosen.state)
        case DeadCause():
            dead = _table.state == DeliveryState.DEAD.value
            found += (dead, _table.cause == chosen.state.value)
        case None:
            pass
    return and_(true(), *found)


def _in_states(states: Collection[DeliveryState]) -> ColumnElement[bool]:
    return or_(false(), *(and_(*in_state(state)) for state in states))


def _locked(connection: Connection, condition: ColumnElement[bool]) -> list[Any]:
    """Return the matching rows, which no other writer changes until the end."""
    query = select(*_KEYS).where(condition).order_by(_table.id).with_for_update()
    return [*connection.execute(query)]


def _batches(rows: Sequence[Any]) -> Iterator[list[int]]:
    """Yield the ids of ``rows``, as many as one statement may have parameters."""
    for start in range(0, len(rows), _BATCH):
        yield [row.id for row in rows[start : start + _BATCH]]


def _counted(rows: Iterable[Any]) -> tuple[DeliveryCount, ...]:
    numbers = Counter((row.target, row.sink, state_of(row)) for row in rows)
    # Webhooks before messages for Redis, which accompany them.
    found = sorted(numbers.items(), key=lambda one: (one[0][1] != "webhook", one[0]))
    return tuple(
        DeliveryCount(target, state, number, sink)
        for (target, sink, state), number in found
    )
