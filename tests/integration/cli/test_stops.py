"""SIGTERM ends ``run`` within 30 seconds, whatever does not answer."""

from datetime import timedelta

import pytest

from controller.clients.clock import SystemClock
from controller.core.webhooks.event import VersionIdentity, WebhookEvent
from controller.store.announcements import AnnouncementLedger
from controller.store.database import Database
from controller.store.outbox import Outbox
from tests.builders.silent_server import silent_server
from tests.builders.waiting import eventually

WITHIN = 30
WEBHOOK = """\
experiments:
  lead-scoring: {{}}
webhooks:
  site:
    url: "{url}/hook"
    secrets: [{{env: WEBHOOK_SECRET}}]
    timeout: 120
    allow_networks: [127.0.0.0/8]
"""


@pytest.fixture
def receiver():
    with silent_server() as server:
        yield server


@pytest.fixture
def mlflow():
    with silent_server() as server:
        yield server


@pytest.fixture
def database(here):
    database = Database(f"sqlite:///{here}/store.db", SystemClock())
    database.upgrade()
    yield database
    database.close()


@pytest.fixture
def announced(world, database, receiver):
    """Declare a receiver, and announce a version to it."""
    world.file.write_text(world.file.read_text() + WEBHOOK.format(url=receiver.url))
    identity = VersionIdentity("r", "m", 1, 1)
    event = WebhookEvent("id-1", "model.registered", identity, b"{}")
    AnnouncementLedger(database).announce(
        "site", "webhook", [event], SystemClock().now()
    )


def test_a_stop_while_a_receiver_hangs_ends_in_time_and_frees_the_delivery(
    announced, controllers, receiver, database
):
    controller = controllers(WEBHOOK_SECRET="made up").start()
    eventually(lambda: receiver.connections, within=60)

    code = controller.end(within=WITHIN)

    assert code == 0, controller.file.read_text()
    outbox = Outbox(database)
    assert outbox.claim("another", "site", 9, timedelta(minutes=1))


def test_a_stop_while_receivers_and_mlflow_hang_ends_in_time(
    announced, controllers, receiver, mlflow
):
    controller = controllers(
        WEBHOOK_SECRET="made up", MLFLOW_TRACKING_URI=mlflow.url
    ).start()
    eventually(lambda: receiver.connections and mlflow.connections, within=60)

    code = controller.end(within=WITHIN)

    assert code in {0, 1}
    assert "Traceback" not in controller.file.read_text()


def test_a_stop_while_aws_hangs_at_the_start_of_a_term_ends_in_time(world, controllers):
    with silent_server() as aws:
        controller = controllers(AWS_ENDPOINT_URL=aws.url).start()
        eventually(lambda: aws.connections, within=60)

        code = controller.end(within=WITHIN)

    assert code in {0, 1}
    assert "Traceback" not in controller.file.read_text()
