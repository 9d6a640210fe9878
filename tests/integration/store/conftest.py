"""Fixtures: a database on a real PostgreSQL, empty for each test."""

import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from controller.store.database import Database
from tests.fakes.postgres import Postgres, postgres
from tests.fakes.stopped_clock import StoppedClock

_NUMBERS = count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    # PostgreSQL may run as another user, who cannot enter pytest's directory.
    with (
        tempfile.TemporaryDirectory() as directory,
        postgres(Path(directory)) as server,
    ):
        yield server


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def url(server: Postgres) -> str:
    name = f"store_{next(_NUMBERS)}"
    admin = create_engine(
        server.url().replace("postgresql", "postgresql+psycopg"),
        isolation_level="AUTOCOMMIT",
    )
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    return server.url(name)


@pytest.fixture
def database(url: str, clock: StoppedClock) -> Iterator[Database]:
    database = Database(url, clock)
    database.upgrade()
    yield database
    database.close()
