"""Statements that SQLite and PostgreSQL spell alike, but SQLAlchemy does not."""

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
    """Insert ``rows``; where ``keys`` are there already, write the other columns."""
    if not rows:
        return
    written = tuple(name for name in rows[0] if name not in set(keys))
    dialect = connection.dialect.name
    connection.execute(_upsert(dialect, table, tuple(keys), written), list(rows))


def insert_new(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    keys: Collection[str],
) -> int:
    """Insert those of ``rows`` whose ``keys`` are new, and return how many were."""
    if not rows:
        return 0
    statement = _insert_new(connection.dialect.name, table, tuple(keys))
    return len(connection.execute(statement, list(rows)).all())


# A statement takes longer to build than to carry out, and there are few.
@cache
def _upsert(
    dialect: str, table: Table, keys: tuple[str, ...], written: tuple[str, ...]
) -> Any:
    statement = _insert(dialect)(table)
    values = {name: statement.excluded[name] for name in written}
    return statement.on_conflict_do_update(index_elements=list(keys), set_=values)


@cache
def _insert_new(dialect: str, table: Table, keys: tuple[str, ...]) -> Any:
    statement = _insert(dialect)(table)
    return statement.on_conflict_do_nothing(index_elements=list(keys)).returning(
        table.c[keys[0]]
    )


def _insert(dialect: str) -> Any:
    """Return the dialect's own ``insert``; the other dialect is not imported."""
    if dialect == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert
    from sqlalchemy.dialects import postgresql

    return postgresql.insert
