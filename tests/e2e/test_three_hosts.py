"""A controller, its API and a command line on three hosts; one of them has no store.

Each test leaves the platform as it found it: everything ready.
"""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from controller.clients.clock import SystemClock
from tests.e2e.hosts import NAMES, ROOT, SKIP, Host, address, missing, namespaces
from tests.e2e.local_process import eventually
from tests.fakes.postgres import postgres
from tests.fakes.stage import stage

DOCUMENT = """\
apiVersion: hokusai.ai/v1
platform:
  name: t
  environment: development
  account: "123456789012"
  region: us-east-1
  # Nothing but a wish makes a pass come sooner.
  reconcile: {interval: 1h}
  network: {subnets: [subnet-0a1b2c3d4e5f60001]}
  roles: {execution: "arn:aws:iam::123456789012:role/t-execution"}
services:
  web: {image: "web:1", cpu: 256, memory: 512}
experiments:
  lead-scoring: {}
webhooks:
  site:
    url: https://hokus.ai/api/webhooks/model-registration
    secrets: [{env: WEBHOOK_SECRET}]
"""
KEY = "made-up-key"
AWS_PORT, MLFLOW_PORT, API_PORT = 4566, 5001, 8001
API = f"http://{address('serve', 'cli')}:{API_PORT}"


class Hosts:
    """The three hosts, with a controller on one and its API on another."""

    def __init__(self, hosts: dict[str, Host], closing: ExitStack) -> None:
        self.run, self.serve, self.cli = (hosts[name] for name in NAMES)
        self._closing = closing
        self._ports = count(8002)
        self.start_controller()

    def start_controller(self):
        """Start one more ``run``; the first that has the lease goes on reconciling."""
        port = next(self._ports)
        self.probes = f"http://{address('run', 'cli')}:{port}"
        running = self.run.running("run", HOKUSAI_PROBE_PORT=str(port))
        self.controller = self._closing.enter_context(running)

    def beat(self):
        """Return when the last pass ended, and whose it was, as the API tells it."""
        told = self.told()
        return told["last_pass"], told["holder"]

    def beat_moves(self, before, within=20):
        return eventually(lambda: self.beat() != before and self.beat(), within)

    def at_rest(self, within=60):
        """Wait until everything is ready and no pass is about to come."""
        eventually(self.ready, within)
        beats = [self.beat()]

        def still():
            beats.append(self.beat())
            return beats[-1] == beats[-2]

        eventually(still, within=20, every=2.5)
        return beats[-1]

    def ready(self):
        told = self.told()
        return bool(told and told["resources"]) and all(
            condition["status"] == "True"
            for resource in told["resources"]
            for condition in resource["conditions"]
            if condition["type"] == "Ready"
        )

    def told(self):
        """Return the status as the API tells it; None if it does not answer."""
        return self.cli.ask("GET", f"{API}/api/v1/status", KEY)


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


@contextmanager
def platform(folder: Path) -> Iterator[Hosts]:
    with ExitStack() as closing:
        made = closing.enter_context(namespaces())
        homes = {name: folder / name for name in NAMES}
        for home in homes.values():
            home.mkdir()
            (home / "hokusai.yaml").write_text(DOCUMENT)
        inside = ("ip", "netns", "exec", made["run"])
        file = homes["run"] / "hokusai.yaml"
        there = closing.enter_context(
            stage(homes["run"], file, "development", inside=inside)
        )
        database = folder / "postgres"
        database.mkdir()
        store = closing.enter_context(
            postgres(
                database,
                host=address("run", "serve"),
                neighbours="10.203.1.0/24",
                inside=inside,
            )
        )
        variables = variables_of(dict(there), store.url())
        hosts = {n: Host(n, made[n], homes[n], variables[n]) for n in NAMES}
        relays(closing, hosts["run"], there)
        closing.enter_context(hosts["serve"].running("serve"))
        yield Hosts(hosts, closing)


def variables_of(there: dict[str, str], store: str) -> dict[str, dict[str, str]]:
    """Return the environment of each host's processes."""
    run = {**there, "HOKUSAI_STORE_URL": store, "HOKUSAI_API_KEY": KEY}
    relayed = {
        host: {
            "AWS_ENDPOINT_URL": f"http://{address('run', host)}:{AWS_PORT}",
            "MLFLOW_TRACKING_URI": f"http://{address('run', host)}:{MLFLOW_PORT}",
        }
        for host in ("serve", "cli")
    }
    cli = {k: v for k, v in run.items() if k != "HOKUSAI_STORE_URL"}
    return {"run": run, "serve": run | relayed["serve"], "cli": cli | relayed["cli"]}


def relays(closing: ExitStack, run: Host, there) -> None:
    """Let the others reach what listens on the loopback addresses of ``run``."""
    for variable, port in (
        ("AWS_ENDPOINT_URL", AWS_PORT),
        ("MLFLOW_TRACKING_URI", MLFLOW_PORT),
    ):
        target = urlsplit(there[variable]).netloc
        command = (sys.executable, "-m", "tests.e2e.relay", f"0.0.0.0:{port}", target)
        process = subprocess.Popen((*run.inside, *command), cwd=ROOT)
        closing.callback(process.wait)
        closing.callback(process.terminate)


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
    assert "t-web-development:1 (present)" in history.stdout
    assert logs.returncode == 0, logs.stderr
    assert "by-hand" in logs.stdout
    assert "token=***" in logs.stdout
    assert status.returncode == 0, status.stderr
    assert "target health" in status.stdout
    assert "could not be seen" not in status.stdout


def test_a_host_without_a_store_cannot_know_what_was_announced(hosts):
    unknown = hosts.cli.hokusai("diff")
    left_out = hosts.cli.hokusai("diff", "--without-store")

    assert unknown.returncode == 2
    assert "Only the store knows" in unknown.stdout
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
    assert holder.endswith(f":{hosts.controller.pid}")
