"""Records kept between passes read back as they were written."""

from datetime import timedelta

import pytest

from controller.core.document.resource import ResourceId
from controller.core.resources.condition import Condition, ConditionType, Truth
from controller.core.resources.plan import Verb
from controller.store.events import EventLog
from controller.store.fallbacks import StoredFallbacks
from controller.store.heartbeat import Heartbeats
from controller.store.journal import IntentJournal
from controller.store.notes import StoredNotes
from controller.store.status import StatusTable
from controller.store.triggers import Triggers
from controller.store.undeclared import UndeclaredLog
from tests.fakes.stopped_clock import NOON

API = ResourceId("service", "api")
MLFLOW = ResourceId("service", "mlflow")
LATER = NOON + timedelta(minutes=5)


def ready(truth=Truth.TRUE, message="In sync."):
    condition = Condition(ConditionType.READY, truth, "Ready", message, "v1:abc", NOON)
    return {ConditionType.READY: condition}


def test_conditions_read_back_as_saved(database):
    table = StatusTable(database)

    table.save({API: ready(), MLFLOW: ready(Truth.UNKNOWN)})

    assert table.all() == {API: ready(), MLFLOW: ready(Truth.UNKNOWN)}


def test_a_condition_that_only_one_kind_defines_reads_back(database):
    table = StatusTable(database)
    dead = Condition("Delivering", Truth.FALSE, "Refused", "It said 401.", "v1:a", NOON)

    table.save({API: {**ready(), "Delivering": dead}})

    assert table.all()[API]["Delivering"] == dead


def test_conditions_of_a_resource_are_replaced_together(database):
    table = StatusTable(database)
    stalled = Condition(
        ConditionType.STALLED, Truth.TRUE, "Failed", "It crashed.", "v1:abc", NOON
    )
    table.save({API: {**ready(), ConditionType.STALLED: stalled}})

    table.save({API: ready(Truth.FALSE)})

    assert table.all() == {API: ready(Truth.FALSE)}


def test_removed_conditions_are_deleted_and_others_stay(database):
    table = StatusTable(database)
    table.save({API: ready(), MLFLOW: ready()})

    table.save({}, removed=[API])

    assert table.all() == {MLFLOW: ready()}


def test_a_repeated_event_is_counted(database):
    log = EventLog(database)

    log.record(API, "Warning", "Failed", "It crashed.", NOON)
    log.record(API, "Warning", "Failed", "It crashed.", LATER)

    (event,) = log.recent(10)
    assert event.count == 2
    assert (event.first_seen, event.last_seen) == (NOON, LATER)


def test_events_are_listed_newest_first_and_by_resource(database):
    log = EventLog(database)
    log.record(API, "Normal", "Applied", "Created.", NOON)
    log.record(MLFLOW, "Normal", "Applied", "Created.", LATER)

    assert [event.resource for event in log.recent(10)] == [MLFLOW, API]
    assert [event.resource for event in log.recent(1)] == [MLFLOW]
    assert [event.resource for event in log.recent(10, API)] == [API]


def test_an_intent_is_unfinished_until_its_outcome_is_recorded(database):
    journal = IntentJournal(database)
    details = {"token": "t"}
    id_ = journal.begin(API, Verb.CREATE, "v1:a", "plan", details, NOON)

    (intent,) = journal.unfinished()
    journal.finish(id_, "Applied", "Created.", LATER)

    assert (intent.target, intent.verb, intent.details) == (API, Verb.CREATE, details)
    assert journal.unfinished() == ()
    (finished,) = journal.history(API, 10)
    assert (finished.outcome, finished.ended) == ("Applied", LATER)


def test_a_recorded_outcome_never_changes(database):
    journal = IntentJournal(database)
    id_ = journal.begin(API, Verb.CREATE, "v1:a", "plan", {}, NOON)
    journal.finish(id_, "Failed", "Denied.", NOON)

    journal.finish(id_, "Applied", "", LATER)

    assert journal.history(API, 1)[0].outcome == "Failed"


def test_the_history_of_a_resource_is_listed_newest_first(database):
    journal = IntentJournal(database)
    journal.begin(API, Verb.CREATE, "v1:a", "plan", {}, NOON)
    journal.begin(MLFLOW, Verb.CREATE, "v1:a", "plan", {}, NOON)
    journal.begin(API, Verb.UPDATE, "v1:b", "plan", {}, NOON)

    assert [i.verb for i in journal.history(API, 9)] == [Verb.UPDATE, Verb.CREATE]


def test_records_of_one_transaction_appear_together_or_not_at_all(database):
    log, journal = EventLog(database), IntentJournal(database)

    def crash_halfway():
        with database.writing():
            log.record(API, "Normal", "Applied", "Created.", NOON)
            journal.begin(API, Verb.CREATE, "v1:a", "plan", {}, NOON)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        crash_halfway()

    assert log.recent(10) == ()
    assert journal.unfinished() == ()


def test_addresses_are_kept_in_any_order(database):
    fallbacks = StoredFallbacks(database)

    fallbacks.keep("mlflow.local", ["10.0.0.2", "10.0.0.1"])
    fallbacks.keep("mlflow.local", ["10.0.0.1", "10.0.0.2"])

    assert fallbacks.last_good("mlflow.local").addresses == ("10.0.0.1", "10.0.0.2")
    assert fallbacks.last_good("api.local") is None


def test_changed_addresses_replace_the_stored_ones(database):
    fallbacks = StoredFallbacks(database)
    fallbacks.keep("mlflow.local", ["10.0.0.1"])

    fallbacks.keep("mlflow.local", ["10.0.0.9"])

    assert fallbacks.last_good("mlflow.local").addresses == ("10.0.0.9",)


def test_only_requests_after_the_given_one_are_pending(database):
    triggers = Triggers(database)
    triggers.ask("a push", NOON)
    latest = triggers.latest()

    triggers.ask("a registration", LATER)

    assert [t.reason for t in triggers.pending(latest)] == ["a registration"]
    assert triggers.pending(triggers.latest()) == ()


def test_the_latest_id_is_zero_without_requests(database):
    assert Triggers(database).latest() == 0


def test_an_undeclared_resource_keeps_its_first_time(database):
    undeclared = UndeclaredLog(database)
    undeclared.replace([API], NOON)

    undeclared.replace([API, MLFLOW], LATER)

    assert undeclared.since() == {API: NOON, MLFLOW: LATER}


def test_a_resource_declared_again_is_deleted_from_the_log(database):
    undeclared = UndeclaredLog(database)
    undeclared.replace([API, MLFLOW], NOON)

    undeclared.replace([MLFLOW], LATER)

    assert undeclared.since() == {MLFLOW: NOON}


def test_the_latest_heartbeat_replaces_earlier_ones(database):
    heartbeats = Heartbeats(database)
    heartbeats.beat("reconcile", "one")

    heartbeats.beat("reconcile", "two")

    assert heartbeats.last("reconcile").holder == "two"
    assert heartbeats.last("dispatch") is None


def test_a_note_replaces_an_earlier_one_of_its_resource_and_key(database):
    notes = StoredNotes(database)

    notes.keep(API, "applied", "one")
    notes.keep(API, "applied", "two")
    notes.keep(API, "cause", "it crashed")
    notes.keep(MLFLOW, "applied", "three")

    assert notes.of(API) == {"applied": "two", "cause": "it crashed"}
    assert notes.under("applied", {API, MLFLOW}) == {API: "two", MLFLOW: "three"}
    assert notes.under("applied", {MLFLOW}) == {MLFLOW: "three"}


def test_all_notes_on_a_resource_are_dropped_together(database):
    notes = StoredNotes(database)
    notes.keep(API, "applied", "one")
    notes.keep(MLFLOW, "applied", "two")

    notes.drop([API])

    assert notes.under("applied", {API, MLFLOW}) == {MLFLOW: "two"}


def test_one_note_is_deleted_and_the_others_stay(database):
    notes = StoredNotes(database)
    notes.keep(API, "applied", "one")
    notes.keep(API, "cause", "two")

    notes.forget(API, "cause")
    notes.forget(API, "cause")

    assert notes.of(API) == {"applied": "one"}
