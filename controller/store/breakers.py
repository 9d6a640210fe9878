"""Circuit breakers of webhook targets, shared by all processes that deliver.

A target without a row has a closed breaker. Every function joins the transaction of its
caller.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select, update

from controller.core.webhooks.breaker import CLOSED, Breaker
from controller.store.sql import insert_new, json_parameter, json_rows
from controller.store.tables import webhook_breakers

# A claim that lasts longer than any claim may last was made by a clock that was ahead.
LONGEST_CLAIM = timedelta(minutes=10)
_table = webhook_breakers.c
# Statements are built once: that takes longer than executing them.
_OF_TARGET = select(webhook_breakers).where(_table.target == bindparam("of"))
_TO_CHANGE = _OF_TARGET.with_for_update()
_OF_TARGETS = select(webhook_breakers).where(
    _table.target.in_(select(*json_rows("targets", _table.target.type)))
)


def breaker_key(target: str, sink: str) -> str:
    """Return the key of the breaker of one sink of ``target``."""
    return target if sink == "webhook" else f"{sink}:{target}"


def breaker_of(
    connection: Connection, target: str, *, changes: bool = False
) -> Breaker:
    """Return the breaker of ``target``.

    Args:
        connection: Transaction.
        target: Name of the target.
        changes: True to lock the row until the end of the transaction.
    """
    if changes:
        ensure_row(connection, target)
    query = _TO_CHANGE if changes else _OF_TARGET
    row = connection.execute(query, {"of": target}).first()
    return CLOSED if row is None else _breaker(row)


def save_breaker(connection: Connection, target: str, breaker: Breaker) -> None:
    """Store the breaker of ``target``, which has a row; this ends a probe."""
    row = _columns(breaker)
    connection.execute(
        update(webhook_breakers).where(_table.target == target).values(row)
    )


def breakers_of(
    connection: Connection, targets: Collection[str]
) -> dict[str, tuple[Breaker, datetime | None]]:
    """Return the breakers of ``targets`` that have a row, and the end of a probe."""
    values = {"targets": json_parameter(connection, [(name,) for name in targets])}
    return {
        row.target: (_breaker(row), row.probe_until)
        for row in connection.execute(_OF_TARGETS, values)
    }


def all_breakers(connection: Connection) -> dict[str, Breaker]:
    """Return every breaker that has a row, by target."""
    rows = connection.execute(select(webhook_breakers))
    return {row.target: _breaker(row) for row in rows}


def close_breaker(connection: Connection, target: str) -> None:
    """Close the breaker of ``target``, and enable it. Safe to repeat."""
    if breaker_of(connection, target) != CLOSED:
        save_breaker(connection, target, CLOSED)


def ensure_row(connection: Connection, target: str) -> None:
    """Insert the row of ``target`` unless it exists."""
    row = {"target": target, "settings": "", **_columns(CLOSED)}
    insert_new(connection, webhook_breakers, [row], ["target"])


def configure(
    connection: Connection, target: str, settings: str, now: datetime
) -> bool:
    """Record the settings of ``target``; return True if they differ from earlier ones.

    A change makes earlier acceptances, and errors of its secrets, out of date.
    """
    ensure_row(connection, target)
    query = select(_table.settings).where(_table.target == target).with_for_update()
    before = connection.execute(query).scalar_one()
    if before == settings:
        return False
    changed = {"configured": now, "verified": None, "secret_error": ""}
    connection.execute(
        update(webhook_breakers)
        .where(_table.target == target)
        .values(settings=settings, **(changed if before else {}))
    )
    return bool(before)


def begin_probe(
    connection: Connection, target: str, now: datetime, lease: timedelta
) -> bool:
    """Return True if the caller may send the one delivery that probes ``target``.

    No other worker may until ``lease`` expires or the breaker is stored.
    """
    statement = (
        update(webhook_breakers)
        .where(
            _table.target == target,
            or_(
                _table.probe_until.is_(None),
                _table.probe_until <= now,
                _table.probe_until > now + LONGEST_CLAIM,
            ),
        )
        .values(probe_until=now + lease)
    )
    return bool(connection.execute(statement).rowcount)


def end_probe(connection: Connection, target: str) -> None:
    """End a probe that found nothing to send."""
    connection.execute(
        update(webhook_breakers).where(_table.target == target).values(probe_until=None)
    )


def _columns(breaker: Breaker) -> dict[str, Any]:
    return {
        "failures": breaker.failures,
        "openings": breaker.openings,
        "successes": breaker.successes,
        "open_until": breaker.open_until,
        "paused_until": breaker.paused_until,
        "disabled": breaker.disabled,
        "opened": breaker.opened,
        "probe_until": None,
    }


def _breaker(row: Any) -> Breaker:
    return Breaker(
        failures=row.failures,
        openings=row.openings,
        successes=row.successes,
        open_until=row.open_until,
        paused_until=row.paused_until,
        disabled=row.disabled,
        opened=row.opened,
    )
