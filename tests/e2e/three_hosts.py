"""A platform of three hosts: a controller, its API, and a person's command line."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

from tests.builders.waiting import eventually
from tests.e2e.hosts import NAMES, ROOT, Host, address, namespaces
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
        return eventually(lambda: self.beat() != before and self.beat(), within=within)

    def at_rest(self, within=60):
        """Wait until everything is ready and no pass is about to come."""
        eventually(self.ready, within=within)
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
