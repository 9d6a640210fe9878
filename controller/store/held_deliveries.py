"""Deliveries that wait for the failure of the webhook delivery of the same event.

They are pending rows with the cause ``held``. A row whose webhook was accepted ends with
the cause ``superseded``. Functions with a connection join the transaction of their
caller.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, exists, select, update

from controller.core.webhooks.delivery import DeliveryState
from controller.store.breakers import breaker_of
from controller.store.delivery_states import CANCELLED, HELD, SUPERSEDED
from controller.store.tables import deliveries

_table = deliveries.c
_webhook = deliveries.alias("of_webhook")


def has_held(connection: Connection, target: str) -> bool:
    """Return True if a delivery of ``target`` is held."""
    query = select(_table.id).where(*_held(target)).limit(1)
    return connection.scalar(query) is not None


def settle_held(
    connection: Connection, target: str, longer_than: timedelta, now: datetime
) -> int:
    """Release or end the held deliveries of ``target``; return the number released.

    A delivery is released when the one to the webhook is dead, or when the breaker of
    the webhook has been open for ``longer_than``. It ends when the webhook was
    accepted. Safe to repeat.
    """
    accepted = _webhook_is(_webhook.c.state == DeliveryState.DELIVERED.value)
    connection.execute(
        update(deliveries)
        .where(*_held(target), accepted)
        .values(
            state=DeliveryState.DEAD.value,
            cause=SUPERSEDED,
            reason="the webhook was delivered",
            ended=now,
        )
    )
    released = [*_held(target)]
    if not breaker_of(connection, target).is_failing(now, longer_than):
        dead = _webhook.c.state == DeliveryState.DEAD.value
        released.append(_webhook_is(dead, _webhook.c.cause != CANCELLED))
    return connection.execute(
        update(deliveries).where(*released).values(cause="", next_at=now, begun=now)
    ).rowcount


def _held(target: str) -> tuple[ColumnElement[bool], ...]:
    return (
        _table.target == target,
        _table.state == DeliveryState.PENDING.value,
        _table.cause == HELD,
    )


def _webhook_is(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(
        _webhook.c.event_id == _table.event_id,
        _webhook.c.target == _table.target,
        _webhook.c.sink == "webhook",
        *conditions,
    )
