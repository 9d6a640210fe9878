"""Migrations: they create the tables that the program uses."""

import stat
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from controller.core.errors import RefusedError, TransientError
from controller.store.database import Database
from controller.store.journal import IntentJournal
from controller.store.schema import VERSION, SchemaState
from controller.store.tables import metadata
from tests.fakes.stopped_clock import StoppedClock


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "store.db"


def on(file: Path) -> Database:
    return Database(f"sqlite:///{file}", StoppedClock())


def differences(database: Database):
    with database.reading() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": "schema_version"}
        )
        return compare_metadata(context, metadata)


def test_on_sqlite_migrations_and_tables_agree(file):
    database = on(file)
    database.upgrade()

    assert differences(database) == []
    database.close()


def test_on_postgresql_all_tables_are_in_the_schema_hokusai(database):
    with database.reading() as connection:
        names = set(inspect(connection).get_table_names(schema="hokusai"))
        public = inspect(connection).get_table_names(schema="public")

    assert names == {table.name for table in metadata.tables.values()} | {
        "schema_version"
    }
    assert public == []


def test_only_the_owner_can_read_the_file(file):
    database = on(file)
    database.upgrade()
    database.close()

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_new_store_is_refused_until_it_is_upgraded(file):
    database = on(file)

    with pytest.raises(RefusedError, match="store upgrade"):
        database.check()
    database.upgrade()
    database.check()

    assert database.state() is SchemaState.CURRENT
    database.close()


def test_a_repeated_upgrade_has_no_effect(database):
    database.upgrade()

    assert database.state() is SchemaState.CURRENT


@pytest.mark.parametrize("where", ["sqlite", "postgresql"])
def test_several_processes_can_upgrade_at_the_same_time(where, file, url):
    databases = [
        on(file) if where == "sqlite" else Database(url, StoppedClock())
        for _ in range(4)
    ]
    failures = []

    def upgrade(database: Database) -> None:
        try:
            database.upgrade()
        except Exception as error:  # noqa: BLE001 - asserted below
            failures.append(error)

    threads = [threading.Thread(target=upgrade, args=(d,)) for d in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert databases[0].state() is SchemaState.CURRENT
    for database in databases:
        database.close()


def test_the_next_version_of_the_tables_is_accepted_and_a_later_one_refused(file):
    database = on(file)
    database.upgrade()

    later = (VERSION + 1, SchemaState.NEWER), (VERSION + 2, SchemaState.TOO_NEW)
    for number, state in later:
        with database.writing() as connection:
            update = text("UPDATE schema_version SET version_num = :number")
            connection.execute(update, {"number": str(number)})
        assert database.state() is state

    with pytest.raises(RefusedError, match="update this program"):
        database.upgrade()
    database.close()


def test_a_file_is_shared_by_threads_that_read_and_one_that_writes(file):
    database = on(file)
    database.upgrade()
    journal = IntentJournal(database)

    with database.writing() as connection:
        connection.execute(text("INSERT INTO triggers VALUES (1, 'x', 'y')"))
        seen = []
        reader = threading.Thread(target=lambda: seen.append(journal.unfinished()))
        reader.start()
        reader.join(5)

    assert seen == [()]
    database.close()


def test_an_unreachable_store_is_a_transient_error_without_the_password():
    database = Database("postgresql://me:s3cret@127.0.0.1:1/x", StoppedClock())

    with pytest.raises(TransientError, match="the store could not be read") as failed:
        database.check()

    assert "s3cret" not in str(failed.value)
    database.close()
