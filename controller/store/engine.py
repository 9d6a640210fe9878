"""Engines for SQLite and PostgreSQL, and the options of each connection."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, StaticPool, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import InvalidatePoolError

from controller.core.errors import RefusedError
from controller.store.deadlines import Deadlines
from controller.store.sqlite_file import (
    connection_to_read,
    file_of,
    is_writable,
    prepare,
)

SCHEMA = "hokusai"
WRITING = "hokusai_writing"
# Longest use of the store: a block with its ping and its commit. Two of them, one after
# another, must fit into the lifetime of the lease.
LONGEST_USE = timedelta(seconds=7)
# Longest migration of the schema.
LONGEST_MIGRATION = timedelta(minutes=5)
LONGEST = "hokusai_longest"
_BUSY_MS = 5_000
_CONNECT_SECONDS = 5
_LONGEST_PING = timedelta(seconds=2)
# Libpq's options. They end waits on a peer that is gone; `Deadlines` ends the others.
_TCP = {
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
# The server ends a statement before the client closes the socket. A transaction of a
# client that is gone would otherwise keep its row locks, also that of the lease.
_STATEMENT_SHARE = 0.8
_DRIVERS = {
    "sqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}


def database_engine(
    url: str, deadlines: Deadlines, *, read_only: bool = False
) -> Engine:
    """Return an engine for ``url``; it connects on first use.

    Args:
        url: SQLAlchemy URL of the database.
        deadlines: Deadlines that end waits on PostgreSQL.
        read_only: True to open an SQLite file also where it cannot be written.

    Raises:
        RefusedError: The database is neither SQLite nor PostgreSQL, or its file cannot
            be created.
    """
    parsed = make_url(url)
    driver = _DRIVERS.get(parsed.drivername)
    if driver is None:
        msg = f"the store cannot be {parsed.drivername}: use sqlite or postgresql"
        raise RefusedError(msg)
    parsed = parsed.set(drivername=driver)
    if driver != "sqlite":
        return _postgres(parsed, deadlines)
    if read_only and not is_writable(file_of(parsed)):
        return _sqlite_to_read(parsed)
    return _sqlite(parsed)


def is_in_memory(engine: Engine) -> bool:
    """Return True if all threads must share one connection."""
    return engine.dialect.name == "sqlite" and not file_of(engine.url)


def _sqlite(url: URL) -> Engine:
    if file := file_of(url):
        prepare(Path(file))
        engine = create_engine(url)
    else:
        engine = create_engine(
            url, poolclass=StaticPool, connect_args={"check_same_thread": False}
        )
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _sqlite_to_read(url: URL) -> Engine:
    """Return an engine that writes nothing, also not the files of the journal."""
    file = Path(file_of(url))
    engine = create_engine(url, creator=lambda: connection_to_read(file))
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _postgres(url: URL, deadlines: Deadlines) -> Engine:
    # Statements name the schema; a connection pooler between the controller and
    # PostgreSQL may reset `search_path`.
    engine = create_engine(
        url,
        pool_size=4,
        pool_timeout=LONGEST_USE.total_seconds(),
        connect_args={"connect_timeout": _CONNECT_SECONDS, **_TCP},
        execution_options={"schema_translate_map": {None: SCHEMA}},
    )

    def connected(connection: Any, record: Any) -> None:
        record.info["fresh"] = True
        deadlines.watch(connection.fileno())

    def checked_out(connection: Any, record: Any, _proxy: Any) -> None:
        if record.info.pop("fresh", False):
            return
        with deadlines.within(_LONGEST_PING):
            deadlines.watch(connection.fileno())
            try:
                engine.dialect.do_ping(connection)
            except engine.dialect.loaded_dbapi.Error as error:
                # The other connections of the pool are as old; none is worth a ping.
                raise InvalidatePoolError(str(error)) from error

    # SQLAlchemy queries a new connection before its `checkout` event, so the socket is
    # watched from `connect` on, before its own listener.
    event.listen(engine, "connect", connected, insert=True)
    event.listen(engine, "checkout", checked_out)
    event.listen(engine, "begin", _begin_postgres)
    return engine


def _begin_postgres(connection: Connection) -> None:
    # Local to the transaction: a transaction pooler refuses or mixes up settings of a
    # session.
    longest = connection.get_execution_options().get(LONGEST, LONGEST_USE)
    milliseconds = str(int(longest.total_seconds() * 1_000 * _STATEMENT_SHARE))
    names = "statement_timeout", "idle_in_transaction_session_timeout"
    values = ", ".join(f"set_config('{n}', '{milliseconds}', true)" for n in names)
    connection.exec_driver_sql(f"SELECT {values}")


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
