"""A network whose link goes down under a real PostgreSQL: nobody sends a reset."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from sqlalchemy import text

from controller.clients.clock import SystemClock
from controller.store.database import Database
from tests.builders.namespaces import require_namespaces
from tests.builders.waiting import eventually
from tests.fakes.postgres import postgres

ROOT = Path(__file__).parents[3]
HERE, THERE, NETWORK = "10.204.7.1", "10.204.7.2", "10.204.7.0/24"
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


def ip(*words):
    subprocess.run(("ip", *words), check=True, capture_output=True, text=True)


@pytest.fixture
def namespace():
    """A network namespace, joined to this one by a wire."""
    require_namespaces("--net")
    if shutil.which("ip") is None:
        pytest.skip("`ip` was not found: install the distribution's `iproute2`")
    name, wire = f"hokusai-{os.getpid()}-db", f"hk{os.getpid() % 100_000}"
    try:
        ip("netns", "add", name)
        ip("link", "add", wire, "type", "veth", "peer", "name", "far", "netns", name)
        ip("addr", "add", f"{HERE}/24", "dev", wire)
        ip("link", "set", wire, "up")
        ip("-n", name, "addr", "add", f"{THERE}/24", "dev", "far")
        ip("-n", name, "link", "set", "far", "up")
        yield name
    finally:
        for words in (("link", "delete", wire), ("netns", "delete", name)):
            with contextlib.suppress(subprocess.CalledProcessError):
                ip(*words)


@pytest.fixture
def url(namespace):
    with (
        tempfile.TemporaryDirectory() as directory,
        postgres(Path(directory), host=HERE, neighbours=NETWORK) as server,
    ):
        database = Database(server.url(), SystemClock())
        database.upgrade()
        database.close()
        yield server.url()


@pytest.fixture
def lines(namespace, url, tmp_path):
    """Run the program in the namespace; return a function that reads its lines."""
    output = tmp_path / "output"
    command = ("ip", "netns", "exec", namespace, sys.executable, "-c", PROGRAM, url)
    with output.open("wb") as file:
        process = subprocess.Popen(
            command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=file
        )
    yield lambda: output.read_text().splitlines()
    process.kill()
    process.wait(10)


def one_more(lines, word):
    before = lines().count(word)
    eventually(lambda: lines().count(word) > before, within=SOON)


def test_a_use_ends_at_its_deadline_and_the_store_is_used_again(lines, namespace):
    one_more(lines, "used")

    ip("-n", namespace, "link", "set", "far", "down")
    one_more(lines, "unavailable")
    ip("-n", namespace, "link", "set", "far", "up")

    one_more(lines, "used")


def test_the_row_of_the_lease_is_free_for_a_standby(lines, namespace, url):
    one_more(lines, "used")

    ip("-n", namespace, "link", "set", "far", "down")
    one_more(lines, "unavailable")

    database = Database(url, SystemClock())
    with database.writing() as connection:
        query = "SELECT holder FROM hokusai.leases FOR UPDATE"
        assert connection.scalar(text(query)) == "far"
    database.close()
