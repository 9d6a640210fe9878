"""Two ``run`` processes on one PostgreSQL share the deliveries of one target."""

from collections import Counter

import pytest

from controller.clients.clock import SystemClock
from controller.core.webhooks.delivery import DeliveryState
from controller.core.webhooks.event import VersionIdentity, WebhookEvent
from controller.store.announcements import AnnouncementLedger
from controller.store.database import Database
from controller.store.deliveries import DeliveryLog
from tests.builders.waiting import eventually
from tests.builders.webhook_receiver import webhook_receiver

EVENTS = 300
KEY = "a-secret-of-the-tests"
TARGET = """\
webhooks:
  site:
    url: {url}
    secrets: [{{env: SITE_SECRET}}]
    allow_networks: [127.0.0.0/8]
services:
"""


@pytest.fixture
def receiver():
    """A receiver that takes longer for each event than a process takes to notice it."""
    with webhook_receiver(pause=0.5) as found:
        yield found


@pytest.fixture
def database(far_store):
    database = Database(far_store, SystemClock())
    yield database
    database.close()


def announce(database):
    identities = [VersionIdentity("r", "m", n, n) for n in range(EVENTS)]
    events = [
        WebhookEvent(f"id-{i.number}", "model.registered", i, b'{"n":%d}' % i.number)
        for i in identities
    ]
    AnnouncementLedger(database).announce(
        "site", "webhook", events, SystemClock().now()
    )


def attempts(controller):
    """Return the number of attempts that one process made."""
    _, text = controller.probe("/metrics")
    return sum(
        float(line.rpartition(" ")[2])
        for line in text.splitlines()
        if line.startswith("deliveries_total{")
    )


@pytest.fixture
def replicas(world, receiver, far_store, controllers):
    """A leader and a process that waits for the lease, both ready to deliver."""
    world.edit("services:\n", TARGET.format(url=receiver.url))
    options = {"HOKUSAI_STORE_URL": far_store, "SITE_SECRET": KEY}
    leader = controllers("leader", **options).start()
    eventually(leader.leads, within=60)
    standby = controllers("standby", **options).start()
    eventually(lambda: "holds it" in standby.probe("/ready")[1], within=60)
    return leader, standby


def delivered(database):
    return DeliveryLog(database).counts()["site"][DeliveryState.DELIVERED]


def test_each_of_two_processes_delivers_a_third_of_the_events_or_more(
    replicas, database, receiver
):
    announce(database)

    eventually(lambda: delivered(database) == EVENTS, within=120)

    assert receiver.received == Counter(f"id-{n}" for n in range(EVENTS))
    for process in replicas:
        assert attempts(process) >= EVENTS / 3


@pytest.mark.parametrize("killed", [0, 1], ids=["the leader", "the other one"])
def test_nothing_is_lost_when_one_of_them_is_killed(
    replicas, database, receiver, killed
):
    announce(database)
    eventually(lambda: len(receiver.received) >= EVENTS / 3, within=60)

    replicas[killed].kill()

    eventually(lambda: len(receiver.received) == EVENTS, within=180)
    assert receiver.received.keys() == {f"id-{n}" for n in range(EVENTS)}
