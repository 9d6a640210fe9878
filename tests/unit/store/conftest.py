"""A store in memory, with its tables."""

from collections.abc import Iterator

import pytest

from controller.store.database import Database
from controller.store.tables import metadata
from tests.fakes.stopped_clock import StoppedClock


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def database(clock: StoppedClock) -> Iterator[Database]:
    database = Database("sqlite://", clock)
    with database.writing() as connection:
        metadata.create_all(connection)
    yield database
    database.close()
