"""Records of webhook targets: unreadable secrets, and the last acceptance.

They are columns of the table of breakers, which has one row per target. Functions with
a connection join the transaction of their caller.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, or_, select, update

from controller.core.webhooks.delivery import DeliveryState
from controller.core.webhooks.records import TargetRecord
from controller.store.breakers import ensure_row
from controller.store.tables import deliveries, webhook_breakers

_table = webhook_breakers.c
_LONGEST_ERROR = 1_000


def record_secret_error(
    connection: Connection, target: str, error: str, now: datetime
) -> None:
    """Record that a secret of ``target`` could not be read. Safe to repeat."""
    ensure_row(connection, target)
    connection.execute(
        update(webhook_breakers)
        .where(_table.target == target)
        .values(secret_error=error[:_LONGEST_ERROR], secret_failed=now)
    )


def has_secret_error(connection: Connection, target: str) -> bool:
    """Return True if an unreadable secret of ``target`` is recorded."""
    query = select(_table.target).where(
        _table.target == target, _table.secret_error != ""
    )
    return connection.scalar(query) is not None


def clear_secret_error(
    connection: Connection, target: str, now: datetime, lifetime: timedelta
) -> bool:
    """Remove the record, unless another process repeated it within ``lifetime``.

    Returns False if the record stays.

    A process that cannot read the secret, as without a variable of its environment,
    keeps the record alive while others can read it.
    """
    statement = (
        update(webhook_breakers)
        .where(
            _table.target == target,
            or_(_table.secret_failed.is_(None), _table.secret_failed <= now - lifetime),
        )
        .values(secret_error="", secret_failed=None)
    )
    return bool(connection.execute(statement).rowcount)


def record_verification(connection: Connection, target: str, now: datetime) -> None:
    """Record that the receiver accepted a ping at ``now``. Safe to repeat."""
    ensure_row(connection, target)
    connection.execute(
        update(webhook_breakers).where(_table.target == target).values(verified=now)
    )


def target_records(connection: Connection) -> Mapping[str, TargetRecord]:
    """Return the record of each target with a breaker or a delivery."""
    table = deliveries.c
    accepted = (
        select(table.target, func.max(table.ended).label("at"))
        .where(table.state == DeliveryState.DELIVERED.value)
        .group_by(table.target)
    )
    dead = (
        select(table.target, table.cause, func.count().label("number"))
        .where(table.state == DeliveryState.DEAD.value)
        .group_by(table.target, table.cause)
    )
    last = {row.target: row.at for row in connection.execute(accepted)}
    causes: dict[str, dict[str, int]] = defaultdict(dict)
    for row in connection.execute(dead):
        causes[row.target][row.cause] = row.number
    rows: dict[str, Any] = {
        row.target: row for row in connection.execute(select(webhook_breakers))
    }
    found: dict[str, TargetRecord] = {}
    for target in {*last, *causes, *rows}:
        times: list[datetime | None] = [last.get(target)]
        since, error = None, ""
        if target in rows:
            row = rows[target]
            since, error = row.configured, row.secret_error
            times.append(row.verified)
        later = [at for at in times if at is not None and (not since or at >= since)]
        found[target] = TargetRecord(
            error, max(later, default=None), causes.get(target, {})
        )
    return found
