"""History that is older than the declared age is deleted, in bounded batches."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from controller.core.audit.chain import verified
from controller.core.audit.entry import AuditEntry
from controller.core.document.resource import ResourceId
from controller.core.resources.condition import Condition, ConditionType, Truth
from controller.core.resources.plan import Verb
from controller.core.webhooks.answers import Answered, Unanswered
from controller.core.webhooks.delivery import Dead, Delivered, DeliveryState, RetryAt
from controller.core.webhooks.delivery_requests import DeliverySelection
from controller.core.webhooks.event import ProfileBody, VersionIdentity, WebhookEvent
from controller.store import retention, tables
from controller.store.announcements import AnnouncementLedger
from controller.store.audit_log import AuditLog
from controller.store.events import EventLog
from controller.store.journal import IntentJournal
from controller.store.notes import StoredNotes
from controller.store.outbox import Outbox
from controller.store.redrive import DeliveryRequests
from controller.store.retention import History, Pruned
from controller.store.status import StatusTable
from tests.builders.outbox import finish, start
from tests.fakes.stopped_clock import NOON

AGE = timedelta(days=90)
OLD, NEW = NOON - AGE - timedelta(seconds=1), NOON - AGE
API = ResourceId("service", "api")
LEASE = timedelta(minutes=1)


@pytest.fixture
def history(database):
    return History(database)


def rows(database, table):
    with database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(table))


def test_events_count_from_their_latest_occurrence(history, database):
    log = EventLog(database)
    for message, times in {"a": [OLD], "b": [OLD, NEW], "c": [NEW]}.items():
        for at in times:
            log.record(API, "Normal", "Changed", message, at)

    assert history.prune(NOON - AGE).rows == 1
    assert sorted(e.message for e in log.recent(9)) == ["b", "c"]


def test_an_intent_without_an_outcome_stays(history, database):
    journal = IntentJournal(database)
    done = journal.begin(API, Verb.UPDATE, "v1:g", "", {}, OLD)
    journal.finish(done, "Applied", "", OLD)
    late = journal.begin(API, Verb.UPDATE, "v1:g", "", {}, OLD)
    journal.finish(late, "Applied", "", NEW)
    open_ = journal.begin(API, Verb.UPDATE, "v1:g", "", {}, OLD)

    assert history.prune(NOON - AGE).rows == 1
    assert [intent.id for intent in journal.history(API, 9)] == [open_, late]


def test_the_notes_of_a_managed_resource_stay(history, database):
    gone, kept = ResourceId("service", "gone"), StoredNotes(database)
    kept.keep(API, "applied", "{}")
    kept.keep(gone, "applied", "{}")
    with database.writing() as connection:
        connection.execute(update(tables.notes).values(written=OLD))
    ready = Condition(ConditionType.READY, Truth.TRUE, "Ready", "It is.", "v1:g", NOON)
    StatusTable(database).save({API: {ConditionType.READY: ready}}, ())

    assert history.prune(NOON - AGE).rows == 1
    assert kept.of(API) == {"applied": "{}"}


def announcement(number, type_="model.registered", model="m"):
    """Return an event about a version, or number 0 for one about a resource."""
    identity = VersionIdentity("r", model, number, NOON.microsecond + number)
    body = b'{"generation": "g"}'
    profile = ProfileBody("slack", b"{}")
    return WebhookEvent(f"{type_}-{number}", type_, identity, body, bodies=(profile,))


def ended(database, *events, step=Delivered(), at=OLD, target="site"):  # noqa: B008 - immutable
    """Announce ``events``, and end their deliveries with ``step``."""
    AnnouncementLedger(database).announce(target, "webhook", events, at)
    outbox = Outbox(database)
    for delivery in outbox.claim("w", target, 99, LEASE):
        start(outbox, delivery, at)
        finish(outbox, delivery, Answered(200), step, at, LEASE)
    with database.writing() as connection:
        pending = tables.deliveries.c.state == "pending"
        connection.execute(update(tables.deliveries).where(~pending).values(ended=at))
        connection.execute(update(tables.webhook_events).values(recorded=at))


def test_what_a_pending_delivery_needs_stays(history, database):
    ended(database, announcement(1), announcement(2), step=RetryAt(NOON))

    history.prune(NOON - AGE, NOON - AGE)

    assert rows(database, tables.attempts) == 2
    assert rows(database, tables.deliveries) == 2
    assert rows(database, tables.event_bodies) == 4


def test_an_old_delivery_goes_with_its_attempts_bodies_and_event(history, database):
    ended(database, announcement(1))

    history.prune(NOON - AGE)

    for table in ("deliveries", "attempts", "event_bodies", "webhook_events"):
        assert rows(database, getattr(tables, table)) == 0


@pytest.mark.parametrize(
    ("step", "state"),
    [(Delivered(), DeliveryState.DELIVERED), (Dead("no"), DeliveryState.DEAD)],
    ids=["delivered", "dead"],
)
def test_a_version_whose_delivery_was_deleted_is_not_announced_again(
    history, database, step, state
):
    event = announcement(1)
    ended(database, event, step=step)

    history.prune(NOON - AGE, NOON - AGE)

    ledger = AnnouncementLedger(database)
    assert rows(database, tables.deliveries) == 0
    assert ledger.delivery_states() == {"site": {event.identity: state}}
    assert ledger.announced("site") == {event.identity}


def test_a_cancelled_delivery_keeps_its_state(history, database):
    event = announcement(1)
    AnnouncementLedger(database).announce("site", "webhook", [event], OLD)
    DeliveryRequests(database).cancel(DeliverySelection(), "not wanted")
    with database.writing() as connection:
        connection.execute(update(tables.deliveries).values(ended=OLD))

    history.prune(NOON - AGE)

    states = AnnouncementLedger(database).delivery_states()
    assert states == {"site": {event.identity: DeliveryState.CANCELLED}}


@pytest.mark.parametrize(
    "answer", [Unanswered("timeout", is_sent=True), None], ids=["timeout", "died"]
)
def test_a_dead_delivery_that_is_sent_again_later_is_a_possible_duplicate(
    history, database, answer
):
    """The attempts say whether one may have arrived: they stay with the delivery."""
    outbox = Outbox(database)
    AnnouncementLedger(database).announce("site", "webhook", [announcement(1)], OLD)
    delivery = outbox.claim("w", "site", 1, LEASE)[0]
    start(outbox, delivery, OLD)
    if answer is None:
        with database.writing() as connection:
            connection.execute(update(tables.deliveries).values(claimed_until=OLD))
        delivery = outbox.claim("v", "site", 1, LEASE)[0]
        start(outbox, delivery, OLD)
    finish(outbox, delivery, answer or Answered(503), Dead("no"), OLD, LEASE)
    with database.writing() as connection:
        connection.execute(update(tables.deliveries).values(ended=OLD))

    history.prune(NOON - AGE, OLD)
    DeliveryRequests(database).redrive(DeliverySelection())

    again = outbox.claim("w", "site", 1, LEASE)[0]
    assert start(outbox, again, NOON).possible_duplicate


def test_the_attempts_of_a_delivery_are_deleted_with_it(history, database):
    ended(database, announcement(1), step=Dead("no"))

    history.prune(NOON - AGE, NOON - AGE)

    assert rows(database, tables.attempts) == rows(database, tables.deliveries) == 0


def test_dead_deliveries_have_an_age_of_their_own(history, database):
    ended(database, announcement(1), step=Dead("no"))

    kept = history.prune(NOON - AGE), history.prune(NOON - AGE, OLD)
    deleted = history.prune(NOON - AGE, NOON - AGE)

    assert [pruned.dead for pruned in (*kept, deleted)] == [0, 0, 1]


def test_the_event_of_two_targets_stays_until_both_deliveries_are_old(
    history, database
):
    event = announcement(1)
    ended(database, event)
    ended(database, event, at=NEW, target="audit")
    with database.writing() as connection:
        site = tables.deliveries.c.target == "site"
        connection.execute(update(tables.deliveries).where(site).values(ended=OLD))
        connection.execute(update(tables.webhook_events).values(recorded=OLD))

    history.prune(NOON - AGE)

    assert rows(database, tables.deliveries) == 1
    assert rows(database, tables.webhook_events) == 1


def test_the_latest_event_about_a_resource_stays(history, database):
    """It tells a new outage from the one that was announced."""
    resource = "service/api"
    ended(
        database,
        announcement(0, "service.degraded", resource),
        announcement(0, "rollout.failed", resource),
    )
    identity = VersionIdentity("r", resource, 0, NOON.microsecond + 9)
    recovered = WebhookEvent("x", "service.recovered", identity, b'{"generation": "g"}')
    ended(database, recovered)

    history.prune(NOON - AGE)

    latest = AnnouncementLedger(database).latest_events("r", resource)
    assert rows(database, tables.deliveries) == 0
    assert {one.type for one in latest.values()} == {
        "service.recovered",
        "rollout.failed",
    }
    assert rows(database, tables.webhook_events) == 2


def test_the_days_that_parity_compares_stay(history, database):
    with database.reading() as connection:
        now = database.now(connection)
    ended(database, announcement(1), at=now - timedelta(days=6))

    history.prune(now)

    assert rows(database, tables.deliveries) == 1


def test_a_call_deletes_in_short_transactions_and_the_next_one_continues(
    history, database, monkeypatch
):
    monkeypatch.setattr(retention, "BATCH", 3)
    monkeypatch.setattr(retention, "_BATCHES", 2)
    for number in range(10):
        EventLog(database).record(API, "Normal", "Changed", str(number), OLD)

    assert [history.prune(NOON - AGE).rows for _ in range(3)] == [6, 4, 0]


def test_nothing_is_deleted_from_an_empty_store(history, database):
    assert history.prune(NOON, NOON) == Pruned()
    assert rows(database, tables.events) == rows(database, tables.intents) == 0


def test_the_audit_log_is_kept(history, database):
    log = AuditLog(database)
    for _ in range(3):
        log.append(AuditEntry("a", "pass", "update", "k", "n", "Applied", "", "{}"))

    history.prune(NOON + AGE)

    report = verified(log.records())
    assert (report.count, report.broken) == (3, None)
