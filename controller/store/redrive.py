"""Deliveries that are given up, sent again, or cancelled.

Functions with a connection join the transaction of their caller.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, update

from controller.core.webhooks.delivery import DeadCause, DeliveryState
from controller.store.database import Database
from controller.store.delivery_states import CANCELLED, HELD, SUPERSEDED, in_state
from controller.store.tables import deliveries, webhook_events

# Causes that the recovery of the receiver removes. Earlier versions store no cause.
_EXHAUSTED = ("", DeadCause.EXHAUSTED.value, DeadCause.PARKED.value)

_table = deliveries.c


@dataclass(frozen=True, slots=True)
class DeliverySelection:
    """Deliveries that a request is about; fields that are None select all.

    Attributes:
        ids: Ids of deliveries.
        target: Target.
        model: MLflow's name of the model.
        since: Earliest time of the announcement.
        causes: Causes of dead deliveries, as `DeadCause` or ``cancelled``.
    """

    ids: Collection[int] | None = None
    target: str | None = None
    model: str | None = None
    since: datetime | None = None
    causes: Collection[str] | None = None


class DeliveryRequests:
    """Requests of operators about deliveries. Every request is safe to repeat."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def redrive(self, chosen: DeliverySelection, *, delivered: bool = False) -> int:
        """Send dead and cancelled deliveries again, from the start of the schedule.

        A pending delivery is sent at once. A delivery that is held or superseded is sent
        only if its id is chosen. The event keeps its id.

        Args:
            chosen: Deliveries.
            delivered: True to send those again that were accepted.

        Returns:
            Number of deliveries that are sent again.
        """
        states = [DeliveryState.DEAD.value, DeliveryState.PENDING.value]
        if delivered:
            states.append(DeliveryState.DELIVERED.value)
        with self._database.writing() as connection:
            condition = _chosen(chosen, _table.state.in_(states))
            if chosen.ids is None:
                condition = and_(condition, _table.cause.not_in([HELD, SUPERSEDED]))
            return _redrive(connection, condition, self._database.now(connection))

    def count(self, chosen: DeliverySelection, state: DeliveryState) -> int:
        """Return the number of ``chosen`` deliveries in ``state``."""
        condition = _chosen(chosen, *in_state(state))
        query = select(func.count()).select_from(deliveries).where(condition)
        with self._database.reading() as connection:
            return int(connection.scalar(query) or 0)

    def cancel(self, chosen: DeliverySelection, reason: str) -> int:
        """Cancel pending and dead deliveries; return their number.

        An attempt in progress is not stopped; if it succeeds, that is recorded.
        """
        open_ = _table.state.in_(
            [DeliveryState.PENDING.value, DeliveryState.DEAD.value]
        )
        with self._database.writing() as connection:
            ended = _table.cause.in_([CANCELLED, SUPERSEDED])
            condition = _chosen(chosen, open_, ~ended)
            return _cancel(
                connection, condition, reason, self._database.now(connection)
            )

    def cancel_undeclared(
        self, declared: Collection[str], reason: str
    ) -> Mapping[str, int]:
        """Cancel the pending deliveries of targets that are not in ``declared``.

        Returns the number of cancelled deliveries, by target.
        """
        pending = _table.state == DeliveryState.PENDING.value
        undeclared = _table.target.not_in(declared)
        query = (
            select(_table.target, func.count().label("number"))
            .where(pending, undeclared)
            .group_by(_table.target)
        )
        with self._database.reading() as connection:
            found = {row.target: row.number for row in connection.execute(query)}
        if found:
            with self._database.writing() as connection:
                now = self._database.now(connection)
                _cancel(connection, and_(pending, undeclared), reason, now)
        return found


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


def _chosen(
    chosen: DeliverySelection, *conditions: ColumnElement[bool]
) -> ColumnElement[bool]:
    found = [*conditions]
    if chosen.ids is not None:
        found.append(_table.id.in_(chosen.ids))
    if chosen.target is not None:
        found.append(_table.target == chosen.target)
    if chosen.model is not None:
        of_model = select(webhook_events.c.id).where(
            webhook_events.c.model == chosen.model
        )
        found.append(_table.event_id.in_(of_model))
    if chosen.since is not None:
        found.append(_table.recorded >= chosen.since)
    if chosen.causes is not None:
        found.append(_table.cause.in_(chosen.causes))
    return and_(*found)
