"""``run`` as a process: ECS events start a pass before the interval has passed."""

import json
import os
import subprocess
import sys
import threading
import urllib.request

import pytest

from controller.cli import main
from controller.clients.aws import BotoAws, Credentials
from controller.emulation.platform import create_queue
from tests.builders.local_process import free_port
from tests.builders.waiting import eventually

AN_HOUR = "region: us-east-1\n  reconcile: {interval: 1h}\n"
# Passes that follow a rollout have ended by then.
REST_SECONDS = 5.0


@pytest.fixture
def queue(world):
    """Lead ECS's events into a queue, and return its URL."""
    aws = BotoAws(
        "us-east-1",
        endpoint_url=world.server.url,
        credentials=Credentials("local", "local"),
        light=True,
    )
    return create_queue(aws, "t-development")


@pytest.fixture
def running(world, here, queue):
    """Run a controller that looks by itself once an hour."""
    world.edit("region: us-east-1\n", AN_HOUR)
    environ = {
        **os.environ,
        "HOKUSAI_PROBE_PORT": str(free_port()),
        "HOKUSAI_EVENTS_QUEUE": queue,
    }
    command = [sys.executable, "-m", "controller", "run"]
    with (here / "run.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=here, env=environ, stdout=log, stderr=log
        )
        yield
        process.terminate()
        process.wait(30)


def ready(capsys):
    """Return the status of Ready of each service; nothing while nothing is known."""
    capsys.readouterr()
    main(["status", "-o", "json"])
    said = capsys.readouterr().out
    found = json.loads(said)["resources"] if said else []
    return {r["resource"]: r["conditions"][0]["status"] for r in found}


def hang(world):
    """Have tasks that start from now on never come to run."""
    body = json.dumps({"image": "*web*", "fault": "hang"}).encode()
    url = f"{world.server.url}/_emulator/faults"
    urllib.request.urlopen(urllib.request.Request(url, body)).close()


def test_a_killed_task_starts_a_pass_at_once(world, running, capsys):
    well = {"service/api": "True", "service/mlflow": "True"}
    eventually(lambda: ready(capsys) == well, within=60)
    threading.Event().wait(REST_SECONDS)
    hang(world)

    where = {"cluster": "t-development"}
    (task,) = world.ecs.list_tasks(**where, serviceName="t-api-development")["taskArns"]
    world.ecs.stop_task(**where, task=task)

    eventually(lambda: ready(capsys)["service/api"] == "False", within=45)
