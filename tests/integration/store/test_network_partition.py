"""A network whose link goes down under a real PostgreSQL: nobody sends a reset."""

import tempfile
from pathlib import Path

import pytest
from sqlalchemy import text

from controller.clients.clock import SystemClock
from controller.store.database import Database
from tests.builders.namespaces import linked_namespace
from tests.builders.waiting import eventually
from tests.fakes.postgres import postgres

# The deadlines of two uses, and some load; the system's keepalive is two hours.
SOON = 40
# Uses the store again and again, and prints the result of each use.
PROGRAM = """
import sys
from datetime import timedelta
from controller.clients.clock import SystemClock
from controller.core.errors import StoreUnavailableError
from controller.store.database import Database
from controller.store.lease import Leases

clock = SystemClock()
database = Database(sys.argv[1], clock)
while True:
    try:
        Leases(database).acquire("test", "far", timedelta(seconds=15))
        print("used", flush=True)
    except StoreUnavailableError:
        print("unavailable", flush=True)
    clock.sleep(0.2)
"""


@pytest.fixture
def namespace():
    with linked_namespace("db", 204) as found:
        yield found


@pytest.fixture
def url(namespace):
    with (
        tempfile.TemporaryDirectory() as directory,
        postgres(
            Path(directory), host=namespace.here, neighbours=namespace.network
        ) as server,
    ):
        database = Database(server.url(), SystemClock())
        database.upgrade()
        database.close()
        yield server.url()


@pytest.fixture
def lines(namespace, url, tmp_path):
    """Run the program in the namespace; return a function that reads its lines."""
    output = tmp_path / "output"
    with (
        output.open("wb") as file,
        namespace.running(PROGRAM, url, output=file),
    ):
        yield lambda: output.read_text().splitlines()


def one_more(lines, word):
    before = lines().count(word)
    eventually(lambda: lines().count(word) > before, within=SOON)


def test_a_use_ends_at_its_deadline_and_the_store_is_used_again(lines, namespace):
    one_more(lines, "used")

    namespace.link("down")
    one_more(lines, "unavailable")
    namespace.link("up")

    one_more(lines, "used")


def test_the_row_of_the_lease_is_free_for_a_standby(lines, namespace, url):
    one_more(lines, "used")

    namespace.link("down")
    one_more(lines, "unavailable")

    database = Database(url, SystemClock())
    with database.writing() as connection:
        query = "SELECT holder FROM hokusai.leases FOR UPDATE"
        assert connection.scalar(text(query)) == "far"
    database.close()
