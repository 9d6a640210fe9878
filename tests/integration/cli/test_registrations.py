"""``run`` as a process: a registration by another program is announced soon."""

import json
import urllib.error
import urllib.request
from datetime import timedelta

import pytest

from controller.clients.clock import SystemClock
from controller.clients.http import http_client
from controller.clients.mlflow import MlflowApi
from controller.core.webhooks.mlflow_requests import mlflow_signature
from controller.emulation.mlflow import MlflowServer
from controller.emulation.receiver import WebhookReceiver
from tests.builders.waiting import eventually

SECRET = "secret of this test"
KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
WEBHOOKS = {
    "MLFLOW_WEBHOOK_ALLOWED_SCHEMES": "http,https",
    "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS": "true",
    "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY": KEY,
    # MLflow knows a created webhook only after so many seconds.
    "MLFLOW_WEBHOOK_CACHE_TTL": "1",
}
DOCUMENT = """\
apiVersion: hokusai.ai/v1
platform:
  name: t
  environment: development
  account: "123456789012"
  region: us-east-1
  reconcile: {{interval: 1h}}
  mlflow: {mlflow}
webhooks:
  site:
    url: "{url}"
    secrets: [{{env: SITE_SECRET}}]
    allow_networks: [127.0.0.0/8]
"""


@pytest.fixture(scope="module")
def mlflow(tmp_path_factory):
    with MlflowServer(tmp_path_factory.mktemp("mlflow"), variables=WEBHOOKS) as server:
        yield server


@pytest.fixture
def receiver():
    server = WebhookReceiver(SECRET)
    server.start()
    yield server
    server.stop()


class Platform:
    """A document with one target, a real MLflow, and controllers on one store."""

    def __init__(self, world, controllers, mlflow, receiver, api):
        self.world = world
        self.receiver = receiver
        self.api = api
        self._variables = {
            "MLFLOW_TRACKING_URI": mlflow.url,
            "SITE_SECRET": SECRET,
            "HINT_SECRET": SECRET,
        }
        self._controllers = controllers

    def declare(self, mlflow):
        url = f"{self.receiver.url}/hook"
        text = DOCUMENT.format(mlflow=json.dumps(mlflow), url=url)
        self.world.file.write_text(text)

    def controller(self, name="run"):
        return self._controllers(name, **self._variables)

    def register(self, model):
        """Register a version as another program does."""
        self.api.create_model(model, {})
        self.api.create_version(model, "s3://bucket/model", "", {})

    def announced(self):
        """Return the names of the announced models."""
        deliveries = self.receiver.inbox.report()["deliveries"]
        return [delivery["body"]["metadata"]["model_name"] for delivery in deliveries]

    def hints(self):
        """Return the URLs of the controller's webhooks in MLflow."""
        return [w.url for w in self.api.webhooks() if w.name == "t.development.hint"]


@pytest.fixture
def platform(world, controllers, mlflow, receiver):
    with http_client(mlflow.url) as http:
        api = MlflowApi(http)
        yield Platform(world, controllers, mlflow, receiver, api)
        for webhook in api.webhooks():
            api.delete_webhook(webhook.id)


def hint_to(controller):
    url = f"http://127.0.0.1:{controller.port}/hints/mlflow"
    return {"poll": "1h", "hint": {"url": url, "secret": {"env": "HINT_SECRET"}}}


def post(controller, body, headers):
    """Send a request to the hint's path; return the status."""
    url = f"http://127.0.0.1:{controller.port}/hints/mlflow"
    try:
        request = urllib.request.Request(url, body, headers)
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def signed(body, *, at=None, secret=SECRET, delivery="d-1"):
    timestamp = str(int((at or SystemClock().now()).timestamp()))
    return {
        "X-MLflow-Delivery-Id": delivery,
        "X-MLflow-Timestamp": timestamp,
        "X-MLflow-Signature": mlflow_signature(secret, delivery, timestamp, body),
    }


def accepted(controller):
    """Return the number of accepted hints."""
    _, text = controller.probe("/metrics")
    start = 'mlflow_hints_total{outcome="accepted"} '
    return sum(
        float(line.removeprefix(start))
        for line in text.splitlines()
        if line.startswith(start)
    )


def test_a_poll_announces_a_registration_long_before_the_interval(platform):
    platform.declare({"poll": "1s"})
    controller = platform.controller().start()
    eventually(controller.leads, within=60)
    controller.await_pass()

    platform.register("polled")

    eventually(platform.announced, lambda names: names == ["polled"], within=20)


def test_a_hint_announces_a_registration_without_a_poll(platform):
    controller = platform.controller()
    platform.declare(hint_to(controller))
    controller.start()
    eventually(platform.hints, within=60)
    # MLflow reads its webhooks again after a second.
    eventually(lambda: _probed(platform) and accepted(controller) > 0, within=30)

    platform.register("hinted")

    eventually(lambda: "hinted" in platform.announced(), within=10)


_PROBES = iter(range(1_000))


def _probed(platform):
    platform.register(f"probe-{next(_PROBES)}")
    return True


def test_a_replica_without_the_lease_passes_a_hint_on(platform):
    leader = platform.controller("leader")
    replica = platform.controller("replica")
    platform.declare(hint_to(replica))
    leader.start()
    eventually(leader.leads, within=60)
    replica.start()
    waiting = "waiting for the lease"
    eventually(lambda: waiting in replica.probe("/ready")[1], within=60)
    eventually(platform.hints, within=60)
    eventually(lambda: _probed(platform) and accepted(replica) > 0, within=30)

    platform.register("passed-on")

    eventually(lambda: "passed-on" in platform.announced(), within=10)
    assert accepted(leader) == 0


def test_forged_old_and_replayed_requests_start_no_pass(platform):
    controller = platform.controller()
    platform.declare(hint_to(controller))
    controller.start()
    eventually(platform.hints, within=60)
    eventually(controller.passes, lambda count: count > 0)
    body = b'{"entity": "model_version", "action": "created"}'
    old = SystemClock().now() - timedelta(minutes=6)

    forged = [
        post(controller, body, {}),
        post(controller, body, signed(body, secret="another")),
        post(controller, body, signed(body, at=old)),
        post(controller, body + b" ", signed(body)),
    ]

    assert forged == [401] * 4
    assert accepted(controller) == 0
    first = signed(body)
    assert post(controller, body, first) == 202
    assert post(controller, body, first) == 401
    assert accepted(controller) == 1
    assert post(controller, b"x" * (5 << 20), first) == 413


def test_a_hint_that_is_no_longer_declared_is_removed_from_mlflow(platform):
    controller = platform.controller()
    platform.declare(hint_to(controller))
    controller.start()
    eventually(platform.hints, within=60)

    platform.declare({})

    eventually(
        lambda: (
            controller.probe("/ready")
            and post_reconcile(controller)
            and not platform.hints()
        ),
        within=30,
        every=0.5,
    )
    assert post(controller, b"{}", signed(b"{}")) == 404


def post_reconcile(controller):
    url = f"http://127.0.0.1:{controller.port}/reconcile"
    urllib.request.urlopen(urllib.request.Request(url, b""), timeout=5).close()
    return True
