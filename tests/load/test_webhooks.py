"""Deliveries of webhooks, side by side with MLflow's delivery engine."""

import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median

import httpx
import psycopg
import pytest

from tests.builders.waiting import eventually
from tests.fakes.postgres import postgres
from tests.load.figures import REPEATS

pytestmark = pytest.mark.load
MB = 1_000_000
COUNT = 5_000
RATE, SECONDS = 100, 10
KILLS = 20
IN_FLIGHT = 64
# Of a real outage of the receiver, in seconds; events are announced from before it on.
OUTAGE, BEFORE, AFTER, STEADY = 90, 10, 20, 20
_DATABASES = itertools.count(1)


def command(*arguments):
    return [sys.executable, "-m", "tests.load.drains", *(str(a) for a in arguments)]


def run(*arguments):
    """Return the figures of a process of its own."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("COV")}
    ran = subprocess.run(
        command(*arguments), env=environ, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout.splitlines()[-1])


@contextmanager
def quick_receiver(port=0):
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.load.quick_receiver", str(port)],
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.kill()


@pytest.fixture
def receiver():
    with quick_receiver() as url:
        yield url


@pytest.fixture(scope="module")
def postgres_server():
    with (
        tempfile.TemporaryDirectory() as folder,
        postgres(Path(folder)) as server,
    ):
        yield server


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def stores(request, tmp_path):
    """Return the name of a database, and a function that returns empty stores of it."""
    made = []

    def sqlite():
        made.append(tmp_path / f"{len(made)}.db")
        return f"sqlite:///{made[-1]}"

    def on_server():
        server = request.getfixturevalue("postgres_server")
        name = f"bench_{next(_DATABASES)}"
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return server.url(name)

    return request.param, sqlite if request.param == "SQLite" else on_server


def typical(runs, name):
    return median(run[name] for run in runs)


def test_deliveries_a_second(stores, receiver, figures):
    """Signed and recorded; the receiver has a process of its own."""
    name, store = stores
    hook = f"{receiver}/hook"
    ours, peer = [], []
    for _ in range(REPEATS):
        ours.append(run("ours", hook, COUNT, store()))
        peer.append(run("mlflow", hook, COUNT, "none"))

    limit = 3 if name == "SQLite" else 2.5
    rate = typical(ours, "rate")
    what = f"webhooks on {name}"
    figures.note(
        f"{what}, time of one, {limit:g} times faster is ratio {1 / limit:.2f}",
        1_000 / rate,
        1_000 / typical(peer, "rate"),
        "ms",
        "MLflow's engine",
    )
    figures.note(
        f"{what}, CPU of one",
        1_000 * typical(ours, "cpu"),
        1_000 * typical(peer, "cpu"),
        "ms",
        "MLflow's engine",
    )
    figures.note(f"{what}, memory", typical(ours, "memory") / MB, 120, "MB")


def test_latency_beside_targets_that_hang(stores, receiver, figures):
    name, store = stores
    hook = f"{receiver}/hook"
    alone = run("paced", hook, RATE, store(), SECONDS, 0)
    what = f"webhooks on {name}, {RATE} a second"
    figures.note(f"{what}, p99", 1_000 * alone["p99"], 50, "ms")
    for hanging in (1, 10, 100):
        beside = run("paced", hook, RATE, store(), SECONDS, hanging)
        figures.note(
            f"{what}, p99 beside {hanging} targets that hang",
            1_000 * beside["p99"],
            1_000 * alone["p99"],
            "ms",
            "alone",
        )


def report(url, path="report"):
    return httpx.get(f"{url}/{path}").json()


def test_a_process_killed_again_and_again_loses_nothing(stores, receiver, figures):
    name, store = stores
    url, hook = store(), f"{receiver}/hook"
    run("fill", hook, COUNT, url)
    for _ in range(KILLS):
        process = subprocess.Popen(command("serve", hook, 0, url))
        before = report(receiver)["requests"]
        eventually(lambda b=before: report(receiver)["requests"] > b + 100, within=60)
        process.kill()
        process.wait()
        if report(receiver)["events"] == COUNT:
            break
    process = subprocess.Popen(command("serve", hook, 0, url))
    try:
        eventually(lambda: report(receiver)["events"] == COUNT, within=120)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0

    found = report(receiver)
    what = f"webhooks on {name}, kill -9 {KILLS} times"
    assert found["events"] == COUNT
    assert found["unmarked"] == 0
    figures.note(
        f"{what}, repeats, all marked",
        found["requests"] - found["events"],
        IN_FLIGHT * KILLS,
        "",
    )


def test_sigterm_under_load_loses_nothing_and_repeats_nothing(
    stores, receiver, figures
):
    name, store = stores
    url, hook = store(), f"{receiver}/hook"
    run("fill", hook, COUNT, url)
    while (before := report(receiver))["events"] < COUNT:
        process = subprocess.Popen(command("serve", hook, 0, url))
        eventually(
            lambda b=before: (
                report(receiver)["events"] >= min(COUNT, b["events"] + COUNT // 4)
            ),
            within=60,
        )
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0

    found = report(receiver)
    assert found["requests"] == found["events"] == COUNT
    figures.note(f"webhooks on {name}, SIGTERM under load, repeats", 0, 1, "")


def test_an_outage_of_the_receiver_loses_nothing(stores, figures):
    """Connections are refused for 90 seconds, while events are announced."""
    name, store = stores
    with quick_receiver() as url:
        arguments = ("steady", f"{url}/hook", STEADY, store(), BEFORE + OUTAGE + AFTER)
        process = subprocess.Popen(command(*arguments), stdout=subprocess.PIPE)
        eventually(lambda: report(url)["events"] >= STEADY * BEFORE, within=60)
        before = report(url, "stop")
    with suppress(subprocess.TimeoutExpired):
        process.wait(OUTAGE)
    with quick_receiver(int(url.rpartition(":")[2])) as again:
        began = time.monotonic()
        try:
            printed, _ = process.communicate(timeout=300)
        finally:
            process.kill()
        took, after = time.monotonic() - began, report(again)

    ran = json.loads(printed.splitlines()[-1])
    assert before["events"] + after["events"] >= ran["events"]
    assert after["unmarked"] == 0
    what = f"webhooks on {name}, receiver down for {OUTAGE} s"
    # Events are announced for some time after the return.
    met = "met" if took <= AFTER + 60 else "missed"
    figures.note(f"{what}, last acceptance after its return: {met}", took, 60, "s")
    failed = ran["attempts"] - ran["events"]
    figures.note(f"{what}, failed attempts", failed, ran["events"], "", "events")
