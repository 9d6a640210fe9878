"""Statements that SQLite and PostgreSQL spell alike, but SQLAlchemy does not."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table


def upsert(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    keys: Collection[str],
) -> None:
    """Insert ``rows``; where ``keys`` are there already, write the other columns."""
    if not rows:
        return
    statement = _insert(connection)(table)
    written = {
        name: statement.excluded[name] for name in rows[0] if name not in set(keys)
    }
    connection.execute(
        statement.on_conflict_do_update(index_elements=list(keys), set_=written),
        list(rows),
    )


def insert_new(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    keys: Collection[str],
) -> int:
    """Insert those of ``rows`` whose ``keys`` are new, and return how many were."""
    if not rows:
        return 0
    statement = (
        _insert(connection)(table)
        .on_conflict_do_nothing(index_elements=list(keys))
        .returning(table.c[next(iter(keys))])
    )
    return len(connection.execute(statement, list(rows)).all())


def _insert(connection: Connection) -> Any:
    """Return the dialect's own ``insert``; the other dialect is not imported."""
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert
    from sqlalchemy.dialects import postgresql

    return postgresql.insert
