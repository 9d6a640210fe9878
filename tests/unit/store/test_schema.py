"""Which program may work with which tables."""

import pytest

from controller.core.errors import RefusedError
from controller.store.database import Database
from controller.store.schema import SchemaState, judged, refuse
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
def test_a_program_judges_the_tables_by_their_number(found, state):
    assert judged(found, known=3) is state


def test_the_version_before_runs_on_the_tables_of_the_next():
    refuse(SchemaState.NEWER)


def test_older_tables_are_refused_with_the_command_that_upgrades_them():
    with pytest.raises(RefusedError, match="python -m controller store upgrade"):
        refuse(SchemaState.OLDER)


def test_tables_two_versions_ahead_are_refused_even_for_an_upgrade():
    with pytest.raises(RefusedError, match="too new"):
        refuse(SchemaState.TOO_NEW, upgrading=True)


def test_another_database_is_refused():
    with pytest.raises(RefusedError, match="cannot be mysql"):
        Database("mysql://host/db", StoppedClock())
