"""A controller, its API and a command line on three hosts; one of them has no store.

Each test leaves the platform as it found it: everything ready.
"""

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from controller.clients.clock import SystemClock
from tests.e2e.hosts import SKIP, missing
from tests.e2e.three_hosts import API, API_PORT, DOCUMENT, KEY, Hosts, platform


@pytest.fixture(scope="module")
def three() -> Iterator[Hosts]:
    if os.environ.get(SKIP):
        pytest.skip(f"{SKIP} is set")
    if missing() and "CI" not in os.environ:
        pytest.skip(f"{missing()}; in continuous integration this fails")
    assert not missing(), f"{missing()}, or set {SKIP}=1 to do without these tests"
    with ExitStack() as closing:
        # Not pytest's own directory, which only its maker may enter.
        folder = Path(closing.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)
        yield closing.enter_context(platform(folder))


@pytest.fixture
def hosts(three):
    three.at_rest()
    return three


def test_why_is_answered_by_way_of_the_server(hosts):
    target = hosts.cli.hokusai("status", "--server", API).stdout.split()
    address = next(word for word in target if "/" in word)

    why = hosts.cli.hokusai("why", address, "--server", API)

    assert why.returncode == 0, why.stderr
    assert "ready" in why.stdout.lower()


def test_status_and_events_are_read_by_way_of_the_server(hosts):
    status = hosts.cli.hokusai("status", "--server", API)
    events = hosts.cli.hokusai("events", "service/web", "--server", API)

    assert status.returncode == 0, status.stderr
    assert status.stdout.count("Ready") == 3
    assert events.returncode == 0, events.stderr
    assert "create" in events.stdout.lower()


def without_aws(host):
    kept = {k: v for k, v in host.variables.items() if not k.startswith("AWS_")}
    return replace(host, variables=kept)


def test_what_runs_is_looked_at_without_aws_by_way_of_the_server(hosts):
    group, stream = "/ecs/t-web-development", "ecs/t-web-development/by-hand"
    now = int(SystemClock().now().timestamp() * 1000)
    of = ("--log-group-name", group, "--log-stream-name", stream)
    hosts.cli.aws("logs", "create-log-stream", *of)
    events = f"timestamp={now},message=token=hunter2"
    hosts.cli.aws("logs", "put-log-events", *of, "--log-events", events)
    person = without_aws(hosts.cli)

    alone = person.hokusai("history", "service/web")
    history = person.hokusai("history", "service/web", "--server", API)
    logs = person.hokusai("logs", "service/web", "--server", API)
    status = person.hokusai("status", "service/web", "--server", API)

    assert alone.returncode == 2
    assert history.returncode == 0, history.stderr
    assert "t-web-development:1 (current)" in history.stdout
    assert logs.returncode == 0, logs.stderr
    assert "by-hand" in logs.stdout
    assert "token=***" in logs.stdout
    assert status.returncode == 0, status.stderr
    assert "target health" in status.stdout
    assert "could not be read" not in status.stdout


def test_a_host_without_a_store_cannot_know_what_was_announced(hosts):
    unknown = hosts.cli.hokusai("diff")
    left_out = hosts.cli.hokusai("diff", "--without-store")

    assert unknown.returncode == 2
    assert "Announcements are recorded in the store" in unknown.stdout
    assert left_out.returncode == 0, left_out.stdout + left_out.stderr


def test_a_host_with_the_store_sees_everything(hosts):
    ran = hosts.serve.hokusai("diff")

    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_database_is_not_there_for_the_third_host(hosts):
    store = {"HOKUSAI_STORE_URL": hosts.run.variables["HOKUSAI_STORE_URL"]}

    ran = hosts.cli.hokusai("diff", **store)

    assert ran.returncode == 2
    assert "the store could not be read" in ran.stderr


def test_a_difference_is_shown_and_applied_by_way_of_the_server(hosts):
    hosts.cli.aws(
        *("ecs", "update-service", "--cluster", "t-development"),
        *("--service", "t-web-development"),
        *("--deployment-configuration", "maximumPercent=150"),
    )

    before = hosts.cli.hokusai("diff", "--without-store")
    applied = hosts.cli.hokusai("apply", "--yes", "--server", API)
    after = hosts.cli.hokusai("diff", "--without-store")

    assert before.returncode == 1
    assert "maximumPercent: 150 -> 200" in before.stdout
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert after.returncode == 0, after.stdout


def test_a_declaration_that_the_server_has_not_is_not_applied(hosts):
    edited = DOCUMENT.replace("cpu: 256", "cpu: 512").replace(
        "memory: 512", "memory: 1024"
    )
    (hosts.cli.folder / "edited.yaml").write_text(edited)

    ran = hosts.cli.hokusai("apply", "--yes", "--server", API, "-f", "edited.yaml")

    assert ran.returncode == 1
    assert "service/web" in ran.stderr


def test_without_the_key_it_is_refused_with_the_variable_to_set(hosts):
    ran = hosts.cli.hokusai("status", "--server", API, HOKUSAI_API_KEY="guessed")

    assert ran.returncode == 2
    assert "Set HOKUSAI_API_KEY" in ran.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("status",),
        ("events",),
        ("apply", "--yes"),
        ("history", "service/web"),
        ("logs", "service/web", "--follow"),
    ],
)
def test_a_server_that_is_not_there_is_named(hosts, words):
    nobody = API.replace(str(API_PORT), "9")

    ran = hosts.cli.hokusai(*words, "--server", nobody)

    assert ran.returncode == 2
    assert nobody in ran.stderr


def test_while_somebody_holds_the_lease_apply_names_them(hosts):
    _, holder = hosts.beat()

    ran = hosts.serve.hokusai("apply", "--yes")

    assert ran.returncode == 2
    assert f"{holder} holds the lease" in ran.stderr


def by_the_api(hosts):
    hosts.cli.ask("POST", f"{API}/api/v1/reconcile", KEY)


def by_the_hook(hosts):
    hosts.cli.ask("POST", f"{hosts.probes}/reconcile", KEY)


def by_signal(hosts):
    hosts.controller.send_signal(signal.SIGHUP)


@pytest.mark.parametrize("ask", [by_the_api, by_the_hook, by_signal])
def test_a_wish_makes_a_pass_come_at_once(hosts, ask):
    before = hosts.beat()

    ask(hosts)

    assert hosts.beat_moves(before)[1] == before[1]


def test_when_the_controller_is_killed_another_takes_over(hosts):
    before = hosts.beat()
    killed = hosts.controller
    hosts.start_controller()

    killed.kill()
    _, holder = hosts.beat_moves(before, within=60)

    assert holder != before[1]
    assert f":{hosts.controller.pid}:" in holder
