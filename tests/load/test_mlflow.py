"""Observation of a large MLflow, and the time from a registration to its webhook."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from statistics import median

import pytest

from controller.clients.clock import SystemClock
from controller.clients.http import http_client
from controller.clients.mlflow import MlflowApi
from controller.core.models.registration import REGISTRATION_TAG
from controller.emulation.mlflow import MlflowServer
from controller.emulation.receiver import WebhookReceiver
from tests.builders.controller_process import ControllerProcess
from tests.builders.waiting import eventually
from tests.fakes.stage import stage
from tests.load import registry

pytestmark = pytest.mark.load
MB = 1_000_000
OBSERVATIONS = 3
REGISTRATIONS = 15
PARALLEL = 24
POLL_SECONDS = 2
SECRET = "secret of the benchmark"
WEBHOOKS = {
    "MLFLOW_WEBHOOK_ALLOWED_SCHEMES": "http,https",
    "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS": "true",
    "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY": (
        "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
    ),
    "MLFLOW_WEBHOOK_CACHE_TTL": "1",
}
DOCUMENT = """\
apiVersion: hokusai.ai/v1
platform:
  name: crowd
  environment: development
  account: "123456789012"
  region: us-east-1
  reconcile: {{interval: 1h}}
  mlflow: {mlflow}
webhooks:
  site: {{url: "{url}", secrets: [{{env: SITE_SECRET}}]}}
"""


def observed(subject: str, url: str) -> dict[str, float]:
    """Return the figures of one observation in a process of its own."""
    command = [sys.executable, "-m", "tests.load.observations", subject, url]
    environ = {k: v for k, v in os.environ.items() if not k.startswith("COV")}
    ran = subprocess.run(
        command, env=environ, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    figures: dict[str, float] = json.loads(ran.stdout.splitlines()[-1])
    return figures


def test_a_full_observation_of_three_thousand_versions(tmp_path, figures):
    registry.write(tmp_path / "mlflow")
    with MlflowServer(tmp_path / "mlflow") as server:
        ours, peer = (
            [observed(subject, server.url) for _ in range(OBSERVATIONS)]
            for subject in ("ours", "peer")
        )

    def typical(runs, name):
        return median(run[name] for run in runs)

    assert {run["versions"] for run in (*ours, *peer)} == {
        registry.MODELS * registry.VERSIONS
    }
    what = "observation of 1000 models x 3 versions"
    figures.note(f"{what}, requests", typical(ours, "requests"), 3, "")
    cpu, memory = typical(ours, "cpu"), typical(ours, "memory") / MB
    figures.note(f"{what}, own CPU", cpu, 0.3, "s")
    figures.note(f"{what}, own CPU", cpu, typical(peer, "cpu"), "s", "MlflowClient")
    figures.note(f"{what}, memory", memory, 90, "MB")
    figures.note(
        f"{what}, memory", memory, typical(peer, "memory") / MB, "MB", "MlflowClient"
    )


class Announcing:
    """A controller, an MLflow and a receiver, with registrations to time."""

    def __init__(self, api, receiver, controller):
        self.api = api
        self.controller = controller
        self._receiver = receiver
        self._clock = SystemClock()

    def received(self):
        """Return the time at which each model and version was announced."""
        return {
            (
                delivery["body"]["metadata"]["model_name"],
                delivery["body"]["registered_version"],
            ): datetime.fromisoformat(delivery["received_at"])
            for delivery in self._receiver.inbox.report()["deliveries"]
        }

    def seconds(self, model):
        """Register a version as a stranger does; return the seconds to its webhook."""
        self.api.create_model(model, {})
        began = self._clock.now()
        self.api.create_version(model, "s3://bucket/model", "", {})
        key = (model, "1")
        found = eventually(self.received, lambda r: key in r, within=30, every=0.01)
        return (found[key] - began).total_seconds()

    def accepted(self):
        """Return the number of hints that the controller accepted."""
        _, text = self.controller.probe("/metrics")
        start = 'mlflow_hints_total{outcome="accepted"} '
        lines = [line for line in text.splitlines() if line.startswith(start)]
        return sum(float(line.removeprefix(start)) for line in lines)


@contextmanager
def announcing(folder, patch, settings):
    """Yield a running controller with ``settings`` of MLflow, which get its port."""
    for name, value in WEBHOOKS.items():
        patch.setenv(name, value)
    file = folder / "hokusai.yaml"
    receiver = WebhookReceiver(SECRET)
    receiver.start()
    controller = ControllerProcess(folder)
    mlflow = json.dumps(settings(controller.port))
    file.write_text(DOCUMENT.format(mlflow=mlflow, url=f"{receiver.url}/hook"))
    with stage(folder, file, "development") as variables:
        controller._variables = {
            **variables,
            "SITE_SECRET": SECRET,
            "HINT_SECRET": SECRET,
            "HOKUSAI_STORE_URL": f"sqlite:///{folder}/store.db",
        }
        controller.start()
        try:
            eventually(controller.leads, within=60)
            controller.await_pass()
            with http_client(variables["MLFLOW_TRACKING_URI"]) as http:
                yield Announcing(MlflowApi(http), receiver, controller)
        finally:
            controller.kill()
            receiver.stop()


def test_from_a_registration_to_its_webhook_with_the_hint(
    tmp_path, monkeypatch, figures
):
    def settings(port):
        url = f"http://127.0.0.1:{port}/hints/mlflow"
        return {"poll": "1h", "hint": {"url": url, "secret": {"env": "HINT_SECRET"}}}

    with announcing(tmp_path, monkeypatch, settings) as platform:
        eventually(platform.api.webhooks, within=30)
        numbers = iter(range(1_000))
        eventually(lambda: _registered(platform, numbers), within=30, every=0.5)
        times = [platform.seconds(f"timed-{n}") for n in range(REGISTRATIONS)]

    p50, p100 = median(times) * 1_000, max(times) * 1_000
    figures.note("registration to webhook with the hint, p50", p50, 300, "ms")
    figures.note("registration to webhook with the hint, largest", p100, 1_000, "ms")


def _registered(platform, numbers):
    """Register a version; return True once MLflow sends hints."""
    model = f"warm-{next(numbers)}"
    platform.api.create_model(model, {})
    platform.api.create_version(model, "s3://bucket/model", "", {})
    return platform.accepted()


def test_from_a_registration_to_its_webhook_by_polling(tmp_path, monkeypatch, figures):
    def settings(_port):
        return {"poll": f"{POLL_SECONDS}s"}

    with announcing(tmp_path, monkeypatch, settings) as platform:
        times = [platform.seconds(f"polled-{n}") for n in range(REGISTRATIONS // 3)]
        once = parallel(platform)

    limit = POLL_SECONDS + 1
    what = f"registration to webhook with a poll every {POLL_SECONDS} s, largest"
    figures.note(what, max(times), limit, "s")
    figures.note(f"announcements of {PARALLEL} equal registrations", once, 1, "")


def parallel(platform):
    """Register one thing many times at once; return the number of announcements."""
    platform.api.create_model("parallel", {})
    tags = {REGISTRATION_TAG: "v1:one"}

    def register(_number):
        platform.api.create_version("parallel", "s3://bucket/model", "", tags)

    with ThreadPoolExecutor(PARALLEL) as pool:
        list(pool.map(register, range(PARALLEL)))
    platform.seconds("after-parallel")
    return sum(model == "parallel" for model, _ in platform.received())
