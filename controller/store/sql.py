"""Insert statements with conflict handling.

SQLite and PostgreSQL spell them alike; SQLAlchemy has one construct for each dialect.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table


def upsert(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    keys: Collection[str],
) -> None:
    """Insert ``rows``; update the other columns of rows whose ``keys`` exist."""
    if not rows:
        return
    updated = tuple(name for name in rows[0] if name not in set(keys))
    dialect = connection.dialect.name
    connection.execute(_upsert(dialect, table, tuple(keys), updated), list(rows))


def insert_new(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    keys: Collection[str],
) -> int:
    """Insert the ``rows`` whose ``keys`` do not exist, and return their number."""
    if not rows:
        return 0
    statement = _insert_new(connection.dialect.name, table, tuple(keys))
    return len(connection.execute(statement, list(rows)).all())


# Building a statement takes longer than executing it, and there are only a few.
@cache
def _upsert(
    dialect: str, table: Table, keys: tuple[str, ...], updated: tuple[str, ...]
) -> Any:
    statement = _insert(dialect)(table)
    values = {name: statement.excluded[name] for name in updated}
    return statement.on_conflict_do_update(index_elements=list(keys), set_=values)


@cache
def _insert_new(dialect: str, table: Table, keys: tuple[str, ...]) -> Any:
    statement = _insert(dialect)(table)
    return statement.on_conflict_do_nothing(index_elements=list(keys)).returning(
        table.c[keys[0]]
    )


def _insert(dialect: str) -> Any:
    """Return ``insert`` of the dialect without importing the other dialect."""
    if dialect == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert
    from sqlalchemy.dialects import postgresql

    return postgresql.insert
