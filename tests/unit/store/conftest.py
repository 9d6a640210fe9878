"""Fixtures: an empty database in memory."""

import pytest

from controller.store.database import Database
from tests.fakes.stopped_clock import StoppedClock
from tests.fakes.store import empty_store


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def database(clock: StoppedClock) -> Database:
    return empty_store(clock)
