"""Metrics of attempts at webhook deliveries: each is counted."""

from datetime import timedelta

import pytest

from controller.app.replica_deliveries import SecretAges, count_attempt, set_gauges
from controller.clients.secrets import Secrets
from controller.core.document.reference import SecretReference
from controller.core.errors import NotFoundError
from controller.core.webhooks.answers import Answered, Unanswered
from controller.core.webhooks.delivery import Delivered, TargetGone
from controller.engine.dispatcher import EndedAttempt
from controller.store.announcements import AnnouncementLedger
from controller.store.backlogs import Backlog, backlogs
from controller.store.outbox import Outbox
from controller.telemetry.metrics import Metrics
from tests.builders.outbox import LEASE, accepted, dead, event, failed
from tests.fakes.stopped_clock import NOON, StoppedClock
from tests.fakes.store import empty_store


def counted(answer, *, possible_duplicate=False, is_recorded=True):
    """Return the series above 0 after one attempt."""
    metrics = Metrics()
    took = timedelta(seconds=0.3)
    attempt = EndedAttempt(answer, Delivered(), took, possible_duplicate, is_recorded)
    count_attempt(metrics, "site", attempt, timedelta(seconds=2))
    series = [line.rpartition(" ") for line in metrics.text().decode().splitlines()]
    return {
        name
        for name, _, value in series
        if not name.startswith("#") and float(value) > 0 and "created" not in name
    }


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (Answered(204), "2xx"),
        (Answered(302), "3xx"),
        (Answered(410), "4xx"),
        (Answered(503), "5xx"),
        (Answered(999), "other"),
        (Unanswered("refused"), "none"),
    ],
)
def test_every_answer_is_counted_in_its_class(answer, name):
    assert f'webhook_answers_total{{answer="{name}"}}' in counted(answer)


def test_the_duration_of_an_attempt_is_measured():
    assert "webhook_attempt_seconds_count" in counted(Answered(200))


def test_an_attempt_that_may_have_arrived_has_an_unknown_outcome():
    name = "webhook_unknown_outcome_total"

    assert name in counted(Unanswered("no answer", is_sent=True))
    assert name not in counted(Unanswered("refused"))
    assert name not in counted(Answered(200))


def test_possible_duplicates_and_lost_claims_are_counted():
    duplicate = counted(Answered(200), possible_duplicate=True)
    lost = counted(Answered(200), is_recorded=False)

    assert "webhook_possible_duplicates_total" in duplicate
    assert "webhook_possible_duplicates_total" not in lost
    assert "webhook_lost_lease_total" in lost
    assert "webhook_lost_lease_total" not in duplicate


def test_attempts_are_counted_by_target_and_their_delay_is_measured():
    found = counted(Answered(200))

    series = 'webhook_deliveries_total{endpoint="site",outcome="delivered"}'
    assert series in found
    assert "webhook_delay_seconds_sum" in found


def gauges(metrics):
    """Return the gauges of the targets by name and target."""
    lines = metrics.text().decode().splitlines()
    return {
        line.rpartition(" ")[0]: float(line.rpartition(" ")[2])
        for line in lines
        if "endpoint=" in line and not line.startswith("webhook_deliveries_total")
    }


def test_gauges_show_what_is_open():
    clock = StoppedClock()
    store = empty_store(clock)
    ledger, outbox = AnnouncementLedger(store), Outbox(store)
    dead(ledger, outbox, 1)
    ledger.announce("site", "webhook", [event(2), event(3)], NOON)
    clock.forward(90)
    accepted(outbox, outbox.claim("w", "site", 1, LEASE)[0])
    metrics = Metrics()

    names = ["site", "idle"]
    set_gauges(metrics, names, backlogs(store, names), {"site": 2})

    assert gauges(metrics) == {
        'webhook_backlog{endpoint="site"}': 1,
        'webhook_oldest_pending_seconds{endpoint="site"}': 90,
        'webhook_dead{endpoint="site"}': 1,
        'webhook_breaker_state{endpoint="site"}': 0,
        'webhook_inflight{endpoint="site"}': 2,
        'webhook_backlog{endpoint="idle"}': 0,
        'webhook_oldest_pending_seconds{endpoint="idle"}': 0,
        'webhook_dead{endpoint="idle"}': 0,
        'webhook_breaker_state{endpoint="idle"}': 0,
        'webhook_inflight{endpoint="idle"}': 0,
    }


def test_an_open_breaker_and_a_disabled_target_are_told_apart():
    store = empty_store(StoppedClock())
    ledger, outbox = AnnouncementLedger(store), Outbox(store)
    ledger.announce("site", "webhook", [event(n) for n in range(9)], NOON)
    for delivery in outbox.claim("w", "site", 5, LEASE):
        failed(outbox, delivery)
    ledger.announce("gone", "webhook", [event(1)], NOON)
    gone = outbox.claim("w", "gone", 1, LEASE)[0]
    failed(outbox, gone, Answered(410), TargetGone("410 Gone"))
    metrics = Metrics()

    names = ["site", "gone"]
    set_gauges(metrics, names, backlogs(store, names), {})

    found = gauges(metrics)
    assert found['webhook_breaker_state{endpoint="site"}'] == 1
    assert found['webhook_breaker_state{endpoint="gone"}'] == 2


def test_gauges_from_the_store_are_absent_while_it_cannot_be_read():
    metrics = Metrics()
    set_gauges(metrics, ["site"], {"site": Backlog(pending=3)}, {})

    set_gauges(metrics, ["site"], None, {"site": 1})

    assert gauges(metrics) == {'webhook_inflight{endpoint="site"}': 1}


class Stores:
    """Answers of AWS with the times at which secrets were stored."""

    def __init__(self, **times):
        self.times = times
        self.calls = 0

    def call(self, _service, operation, **parameters):
        self.calls += 1
        if operation == "GetParameter":
            time = self.times["parameter"]
            return {"Parameter": {"Value": "shared", "LastModifiedDate": time}}
        if parameters["SecretId"] not in self.times:
            message = "no such secret"
            raise NotFoundError(message)
        time = self.times[parameters["SecretId"]]
        return {"SecretString": "shared", "CreatedDate": time}


CURRENT = {
    "site": SecretReference(secretsmanager="site"),
    "queue": SecretReference(ssm="/queue"),
    "local": SecretReference(env="KEY"),
    "gone": SecretReference(secretsmanager="gone"),
}


def test_the_age_of_a_signing_secret_is_that_of_its_version_in_its_store():
    aws = Stores(site=NOON - timedelta(days=90), parameter=NOON - timedelta(hours=1))
    ages = SecretAges(Secrets({"KEY": "shared"}, aws), StoppedClock())

    assert ages.of(CURRENT) == {"site": 90 * 86_400, "queue": 3_600}


def test_secrets_are_read_for_their_age_once_an_hour_and_show_a_new_version():
    clock, aws = StoppedClock(), Stores(site=NOON - timedelta(days=90))
    ages = SecretAges(Secrets({}, aws), clock)
    current = {"site": CURRENT["site"]}
    ages.of(current)
    aws.times["site"] = NOON

    clock.forward(1_800)
    assert ages.of(current) == {"site": 90 * 86_400 + 1_800}
    assert aws.calls == 1
    clock.forward(1_800)
    assert ages.of(current) == {"site": 3_600}
