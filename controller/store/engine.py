"""Engines for SQLite and PostgreSQL, and the options of each connection."""

import os
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, StaticPool, create_engine, event
from sqlalchemy.engine import URL, make_url

from controller.core.errors import RefusedError

SCHEMA = "hokusai"
WRITING = "hokusai_writing"
_BUSY_MS = 5_000
_CONNECT_SECONDS = 5
_DRIVERS = {
    "sqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}


def database_engine(url: str) -> Engine:
    """Return an engine for ``url``; it connects on first use.

    Raises:
        RefusedError: The database is neither SQLite nor PostgreSQL.
    """
    parsed = make_url(url)
    driver = _DRIVERS.get(parsed.drivername)
    if driver is None:
        msg = f"the store cannot be {parsed.drivername}: use sqlite or postgresql"
        raise RefusedError(msg)
    parsed = parsed.set(drivername=driver)
    return _sqlite(parsed) if driver == "sqlite" else _postgres(parsed)


def is_in_memory(engine: Engine) -> bool:
    """Return True if all threads must share one connection."""
    return engine.dialect.name == "sqlite" and not _file_of(engine.url)


def _sqlite(url: URL) -> Engine:
    if file := _file_of(url):
        _prepare(Path(file))
        engine = create_engine(url)
    else:
        engine = create_engine(
            url, poolclass=StaticPool, connect_args={"check_same_thread": False}
        )
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _postgres(url: URL) -> Engine:
    # Statements name the schema; a connection pooler between the controller and
    # PostgreSQL may reset `search_path`.
    return create_engine(
        url,
        pool_pre_ping=True,
        pool_size=4,
        connect_args={"connect_timeout": _CONNECT_SECONDS},
        execution_options={"schema_translate_map": {None: SCHEMA}},
    )


def _file_of(url: URL) -> str:
    return "" if url.database in {None, "", ":memory:"} else str(url.database)


def _prepare(file: Path) -> None:
    """Create the directory and the file, readable only by their owner."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    # Otherwise the sqlite3 module begins transactions implicitly.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        f"busy_timeout={_BUSY_MS}",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that upgrades from reading to writing may fail with "database is
    # locked" without waiting; BEGIN IMMEDIATE waits for up to `busy_timeout`.
    writing = connection.get_execution_options().get(WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
