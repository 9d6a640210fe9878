"""Statements that SQLite and PostgreSQL spell differently.

Insert statements with conflict handling, and many rows as one parameter: a statement with
a parameter for each value is rendered and bound again for each number of rows.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    Text,
    bindparam,
    literal_column,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import to_instance

from controller.core.values.stored_text import storable


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


def json_rows(name: str, *types: Any) -> tuple[ColumnElement[Any], ...]:
    """Return the columns of rows that are the value of one parameter.

    The value is that of ``json_parameter``.

    Args:
        name: Name of the parameter.
        types: Types of the columns.
    """
    parameter = bindparam(name, type_=Text())
    rows = _ArrayRows(parameter).table_valued("value", name=name)
    return tuple(_Item(rows.c.value, n, type_) for n, type_ in enumerate(types))


def json_parameter(connection: Connection, rows: Iterable[Sequence[Any]]) -> str:
    """Return the value of a parameter of ``json_rows``.

    Args:
        connection: Transaction.
        rows: Rows of text, numbers, times, truth values and None.
    """
    is_naive = connection.dialect.name == "sqlite"

    def text_of(value: datetime) -> str:
        moment = value.astimezone(UTC)
        # SQLAlchemy stores times in SQLite as such text.
        moment = moment.replace(tzinfo=None) if is_naive else moment
        return moment.isoformat(" ", "microseconds")

    values = [[storable(v) if type(v) is str else v for v in row] for row in rows]
    return json.dumps(values, default=text_of)


class _ArrayRows(FunctionElement[Any]):
    """Elements of a JSON array as rows with one column."""

    name = "array_rows"
    inherit_cache = True


class _Item(FunctionElement[Any]):
    """Element of a JSON array as a column."""

    name = "item"
    inherit_cache = True

    def __init__(self, array: ColumnElement[Any], index: int, type_: Any) -> None:
        super().__init__(array, literal_column(str(index)))
        self.type = to_instance(type_)


@compiles(_ArrayRows, "sqlite")
def _array_rows_in_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **options)})"


@compiles(_ArrayRows, "postgresql")
def _array_rows_in_postgres(element: Any, compiler: Any, **options: Any) -> str:
    array = compiler.process(element.clauses, **options)
    return f"jsonb_array_elements(CAST({array} AS JSONB))"


@compiles(_Item, "sqlite")
def _item_in_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    array, index = (compiler.process(c, **options) for c in element.clauses)
    return f"json_extract({array}, '$[{index}]')"


@compiles(_Item, "postgresql")
def _item_in_postgres(element: Any, compiler: Any, **options: Any) -> str:
    array, index = (compiler.process(c, **options) for c in element.clauses)
    type_ = compiler.dialect.type_compiler_instance.process(element.type)
    return f"CAST({array} ->> {index} AS {type_})"
