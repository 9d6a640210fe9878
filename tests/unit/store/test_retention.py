"""History that is older than the declared age is deleted, in bounded batches."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from controller.core.audit.chain import verified
from controller.core.audit.entry import AuditEntry
from controller.core.document.resource import ResourceId
from controller.core.resources.condition import Condition, ConditionType, Truth
from controller.core.resources.plan import Verb
from controller.core.webhooks.answers import Answered
from controller.core.webhooks.delivery import Delivered, RetryAt
from controller.core.webhooks.event import VersionIdentity, WebhookEvent
from controller.store import retention, tables
from controller.store.announcements import AnnouncementLedger
from controller.store.audit_log import AuditLog
from controller.store.events import EventLog
from controller.store.journal import IntentJournal
from controller.store.notes import StoredNotes
from controller.store.outbox import Outbox
from controller.store.retention import History
from controller.store.status import StatusTable
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

    assert history.prune(NOON - AGE) == 1
    assert sorted(e.message for e in log.recent(9)) == ["b", "c"]


def test_an_intent_without_an_outcome_stays(history, database):
    journal = IntentJournal(database)
    done = journal.begin(API, Verb.UPDATE, "v1:g", "", {}, OLD)
    journal.finish(done, "Applied", "", OLD)
    late = journal.begin(API, Verb.UPDATE, "v1:g", "", {}, OLD)
    journal.finish(late, "Applied", "", NEW)
    open_ = journal.begin(API, Verb.UPDATE, "v1:g", "", {}, OLD)

    assert history.prune(NOON - AGE) == 1
    assert [intent.id for intent in journal.history(API, 9)] == [open_, late]


def test_the_notes_of_a_managed_resource_stay(history, database):
    gone, kept = ResourceId("service", "gone"), StoredNotes(database)
    kept.keep(API, "applied", "{}")
    kept.keep(gone, "applied", "{}")
    with database.writing() as connection:
        connection.execute(update(tables.notes).values(written=OLD))
    ready = Condition(ConditionType.READY, Truth.TRUE, "Ready", "It is.", "v1:g", NOON)
    StatusTable(database).save({API: {ConditionType.READY: ready}}, ())

    assert history.prune(NOON - AGE) == 1
    assert kept.of(API) == {"applied": "{}"}


def test_the_attempts_of_a_pending_delivery_and_all_deliveries_stay(history, database):
    outbox = Outbox(database)
    identities = [VersionIdentity("r", "m", n, n) for n in (1, 2)]
    announced = [
        WebhookEvent(f"id-{i.number}", "model.registered", i, b"{}") for i in identities
    ]
    AnnouncementLedger(database).announce("site", "webhook", announced, NOON)
    first, second = outbox.claim("w", "site", 9, LEASE)
    for delivery, step in ((first, Delivered()), (second, RetryAt(NOON))):
        outbox.start(delivery, OLD)
        outbox.finish(delivery, Answered(200), step, OLD, LEASE)

    assert history.prune(NOON - AGE) == 1
    assert rows(database, tables.attempts) == 1
    assert rows(database, tables.deliveries) == 2


def test_a_call_deletes_in_short_transactions_and_the_next_one_continues(
    history, database, monkeypatch
):
    monkeypatch.setattr(retention, "BATCH", 3)
    monkeypatch.setattr(retention, "_BATCHES", 2)
    for number in range(10):
        EventLog(database).record(API, "Normal", "Changed", str(number), OLD)

    assert [history.prune(NOON - AGE) for _ in range(3)] == [6, 4, 0]


def test_nothing_is_deleted_from_an_empty_store(history, database):
    assert history.prune(NOON) == 0
    assert rows(database, tables.events) == rows(database, tables.intents) == 0


def test_the_audit_log_is_kept(history, database):
    log = AuditLog(database)
    for _ in range(3):
        log.append(AuditEntry("a", "pass", "update", "k", "n", "Applied", "", "{}"))

    history.prune(NOON + AGE)

    report = verified(log.records())
    assert (report.count, report.broken) == (3, None)
