"""An in-memory store, emptied for each test.

All tests of a process share it: creating the tables and compiling the statements for
each new engine would take longer than the tests themselves.
"""

from functools import cache

from controller.core.clock import Clock
from controller.store.database import Database
from controller.store.tables import metadata
from tests.fakes.stopped_clock import StoppedClock


def empty_store(clock: Clock) -> Database:
    """Return the shared store without rows, on ``clock``; do not close it."""
    database = _database()
    database._clock = clock
    database.fence(None)
    with database.writing() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
    return database


@cache
def _database() -> Database:
    database = Database("sqlite://", StoppedClock())
    with database.writing() as connection:
        metadata.create_all(connection)
    return database
