"""The unit tests of the store, run on the schema of the next version."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.core.errors import RefusedError
from controller.store.database import Database
from controller.store.schema import SchemaState
from tests.builders.next_schema import (
    migrate_ahead,
    program_of_the_next_version,
)
from tests.fakes.stopped_clock import StoppedClock
from tests.unit.store import (
    conftest,
    test_breakers,
    test_lease,
    test_outbox,
    test_records,
    test_redrive,
)

for _facts in (
    conftest,
    test_breakers,
    test_lease,
    test_outbox,
    test_records,
    test_redrive,
):
    globals().update(
        (name, fact)
        for name, fact in vars(_facts).items()
        if name.startswith("test_")
        or name in {"ledger", "outbox", "deliveries", "requests", "eager", "leases"}
    )


@pytest.fixture(params=["sqlite", "postgresql"])
def behind(
    request: pytest.FixtureRequest, tmp_path: Path, clock: StoppedClock
) -> Iterator[Database]:
    """Return a store with the tables of this version."""
    sqlite = request.param == "sqlite"
    file = f"sqlite:///{tmp_path}/store.db"
    database = Database(file if sqlite else request.getfixturevalue("url"), clock)
    database.upgrade()
    yield database
    database.close()


@pytest.fixture
def database(behind: Database, tmp_path: Path) -> Database:
    migrate_ahead(behind, tmp_path)
    return behind


def test_a_newer_schema_is_recognised_and_accepted(database):
    assert database.state() is SchemaState.NEWER
    database.check()


def test_an_upgrade_by_the_previous_version_leaves_a_newer_schema(database):
    database.upgrade()

    assert database.state() is SchemaState.NEWER


def test_the_next_version_refuses_this_schema_until_it_is_migrated(behind, tmp_path):
    with program_of_the_next_version(tmp_path):
        with pytest.raises(RefusedError, match="older than this program") as refused:
            behind.check()
        behind.upgrade()
        behind.check()

    assert "store upgrade" in str(refused.value)
