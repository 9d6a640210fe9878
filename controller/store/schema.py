"""Version of the database schema, and its migration.

Migrations expand first and contract one version later: version N-1 of the
program runs on schema N, so that a rolling update needs no pause.
"""

from enum import StrEnum
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from controller.core.errors import RefusedError
from controller.store.engine import SCHEMA

VERSION = 13
VERSION_TABLE = "schema_version"
_MIGRATIONS = Path(__file__).parent / "migrations"
# Arbitrary, but the same in every version: concurrent migrations share this lock.
_MIGRATION_LOCK = 5_150_421


class SchemaState(StrEnum):
    """Schema relative to this program; completes "the store's schema is ..."."""

    MISSING = "missing"
    OLDER = "older than this program"
    CURRENT = "current"
    NEWER = "one version newer than this program"
    TOO_NEW = "too new for this program"


def state_of_version(found: int | None, known: int) -> SchemaState:
    """Return the state of schema version ``found`` for a program that has ``known``."""
    if found is None:
        return SchemaState.MISSING
    if found < known:
        return SchemaState.OLDER
    if found == known:
        return SchemaState.CURRENT
    return SchemaState.NEWER if found == known + 1 else SchemaState.TOO_NEW


def current_state(connection: Connection) -> SchemaState:
    """Return the state of the schema of the database behind ``connection``."""
    schema = _schema(connection)
    if not inspect(connection).has_table(VERSION_TABLE, schema=schema):
        return state_of_version(None, VERSION)
    prefix = f"{schema}." if schema else ""
    query = f"SELECT version_num FROM {prefix}{VERSION_TABLE}"  # noqa: S608 - constants
    found = connection.scalar(text(query))
    return state_of_version(None if found is None else int(found), VERSION)


def require_usable(state: SchemaState, *, upgrading: bool = False) -> None:
    """Raise RefusedError unless the program can use, or upgrade, the schema."""
    match state:
        case SchemaState.CURRENT | SchemaState.NEWER:
            return
        case SchemaState.MISSING | SchemaState.OLDER:
            if upgrading:
                return
            hint = "run `python -m controller store upgrade`, or start the controller"
        case SchemaState.TOO_NEW:
            hint = "update this program"
    msg = f"the store's schema is {state}: {hint}"
    raise RefusedError(msg)


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run the missing migrations, up to ``revision``, in the caller's transaction."""
    from alembic import command
    from alembic.config import Config

    if schema := _schema(connection):
        lock = text("SELECT pg_advisory_xact_lock(:number)")
        connection.execute(lock, {"number": _MIGRATION_LOCK})
        connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {schema}"))
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes.update(
        connection=connection, version_table=VERSION_TABLE, schema=schema
    )
    command.upgrade(config, revision)


def _schema(connection: Connection) -> str | None:
    return None if connection.dialect.name == "sqlite" else SCHEMA
