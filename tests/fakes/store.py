"""A store in memory, empty each time it is asked for.

One for all tests of a process: making tables, and compiling the same statements
again for each new engine, would take longer than the tests themselves.
"""

from functools import cache

from controller.core.clock import Clock
from controller.store.database import Database
from controller.store.tables import metadata
from tests.fakes.stopped_clock import StoppedClock


def empty_store(clock: Clock) -> Database:
    """Return the store, without any row, on ``clock``. Not to be closed."""
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
