"""``serve`` as a process while its PostgreSQL is away: it waits and answers."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from controller.clients.clock import SystemClock
from controller.store.database import Database
from tests.builders.local_process import free_port
from tests.builders.silent_server import silent_server
from tests.builders.waiting import eventually

KEY = "made-up-key"
ROOT = Path(__file__).parents[3]


@pytest.fixture
def mlflow():
    with silent_server() as server:
        yield server


@pytest.fixture
def serving(here, far_store, mlflow):
    """Start the API on the far store, and return its URL and its process."""
    port = free_port()
    command = [sys.executable, "-m", "controller", "serve", "--port", str(port)]
    environ = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "HOKUSAI_STORE_URL": far_store,
        "HOKUSAI_API_HOST": "127.0.0.1",
        "HOKUSAI_API_KEY": KEY,
        "MLFLOW_TRACKING_URI": mlflow.url,
    }
    made = []

    def start():
        with (here / "serve.log").open("wb") as log:
            process = subprocess.Popen(
                command, cwd=here, env=environ, stdout=log, stderr=log
            )
        made.append(process)
        return f"http://127.0.0.1:{port}", process

    yield start
    for process in made:
        process.kill()
        process.wait(10)


def status(url):
    try:
        key = {"Authorization": f"Bearer {KEY}"}
        return httpx.get(f"{url}/api/v1/status", headers=key, timeout=25).status_code
    except httpx.TransportError:
        return 0


def test_a_start_during_an_outage_waits_and_answers_afterwards(
    serving, far_store, postgres_server, store_proxy, here
):
    near = far_store.replace(f":{store_proxy.port}/", f":{postgres_server.port}/")
    database = Database(near, SystemClock())
    database.upgrade()
    database.close()
    store_proxy.silence_all()

    url, process = serving()
    eventually(lambda: status(url), lambda code: code >= 500, within=90)
    store_proxy.answer()

    eventually(lambda: status(url), lambda code: code == 200, within=60)
    assert process.poll() is None
    told = here / "serve.log"
    # An outage of writes ends with the next heartbeat.
    eventually(lambda: "store available again" in told.read_text())
    assert told.read_text().count("store unavailable") == 1
    assert told.read_text().count("store available again") == 1


def test_a_stop_during_an_outage_ends_in_time(serving, store_proxy):
    store_proxy.silence_all()
    url, process = serving()
    eventually(lambda: status(url), lambda code: code >= 500, within=90)

    process.send_signal(signal.SIGTERM)

    assert process.wait(30) in {0, 1}
