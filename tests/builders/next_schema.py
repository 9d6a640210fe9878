"""Schema of the next version, as the previous program meets it in a rolling update."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from controller.store import schema
from controller.store.database import Database
from controller.store.schema import VERSION
from controller.store.tables import metadata

# It only adds: the previous version of the program must run on it.
_REVISION = '''
"""A column for every table, and one more table."""

from alembic import op
from sqlalchemy import Column, Integer, String

from controller.store.engine import SCHEMA

revision = "{next}"
down_revision = "{now}"


def upgrade():
    where = None if op.get_bind().dialect.name == "sqlite" else SCHEMA
    for table in {tables}:
        text = Column("added_text", String, nullable=False, server_default="")
        op.add_column(table, text, schema=where)
        op.add_column(table, Column("added_number", Integer), schema=where)
    op.create_table("later", Column("id", Integer, primary_key=True), schema=where)
'''


@contextmanager
def program_of_the_next_version(folder: Path) -> Iterator[None]:
    """Act as the next version of the program, which has one more migration."""
    migrations = folder / "migrations"
    shutil.copytree(schema._MIGRATIONS, migrations)
    number = VERSION + 1
    tables = [table.name for table in metadata.sorted_tables]
    text = _REVISION.format(next=number, now=VERSION, tables=tables)
    (migrations / "versions" / f"v{number:04}_added_in_a_test.py").write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schema, "_MIGRATIONS", migrations)
        patch.setattr(schema, "VERSION", number)
        yield


def migrate_ahead(database: Database, folder: Path) -> None:
    """Migrate the database to the schema of the next version."""
    with program_of_the_next_version(folder):
        database.upgrade()
