"""Schema versions that a program can use."""

import pytest

from controller.core.errors import RefusedError
from controller.store.database import Database
from controller.store.schema import SchemaState, require_usable, state_of_version
from tests.fakes.stopped_clock import StoppedClock


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (None, SchemaState.MISSING),
        (2, SchemaState.OLDER),
        (3, SchemaState.CURRENT),
        (4, SchemaState.NEWER),
        (5, SchemaState.TOO_NEW),
    ],
)
def test_the_state_of_a_schema_follows_from_its_version(found, state):
    assert state_of_version(found, known=3) is state


def test_a_program_runs_on_the_schema_of_the_next_version():
    require_usable(SchemaState.NEWER)


def test_older_tables_are_refused_with_the_command_that_upgrades_them():
    with pytest.raises(RefusedError, match="python -m controller store upgrade"):
        require_usable(SchemaState.OLDER)


def test_tables_two_versions_ahead_are_refused_even_for_an_upgrade():
    with pytest.raises(RefusedError, match="too new"):
        require_usable(SchemaState.TOO_NEW, upgrading=True)


def test_another_database_is_refused():
    with pytest.raises(RefusedError, match="cannot be mysql"):
        Database("mysql://host/db", StoppedClock())
