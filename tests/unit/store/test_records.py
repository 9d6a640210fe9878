"""What is kept between passes is what was written."""

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


def test_conditions_come_back_as_they_were_saved(database):
    table = StatusTable(database)

    table.save({API: ready(), MLFLOW: ready(Truth.UNKNOWN)})

    assert table.all() == {API: ready(), MLFLOW: ready(Truth.UNKNOWN)}


def test_a_condition_that_only_a_kind_defines_comes_back(database):
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


def test_removed_conditions_are_gone_and_others_stay(database):
    table = StatusTable(database)
    table.save({API: ready(), MLFLOW: ready()})

    table.save({}, removed=[API])

    assert table.all() == {MLFLOW: ready()}


def test_the_same_happening_is_counted(database):
    log = EventLog(database)

    log.record(API, "Warning", "Failed", "It crashed.", NOON)
    log.record(API, "Warning", "Failed", "It crashed.", LATER)

    (happening,) = log.recent(10)
    assert happening.count == 2
    assert (happening.first_seen, happening.last_seen) == (NOON, LATER)


def test_happenings_come_latest_first_and_by_resource(database):
    log = EventLog(database)
    log.record(API, "Normal", "Applied", "Created.", NOON)
    log.record(MLFLOW, "Normal", "Applied", "Created.", LATER)

    assert [h.resource for h in log.recent(10)] == [MLFLOW, API]
    assert [h.resource for h in log.recent(1)] == [MLFLOW]
    assert [h.resource for h in log.recent(10, API)] == [API]


def test_an_intent_is_unfinished_until_its_outcome_is_known(database):
    journal = IntentJournal(database)
    details = {"token": "t"}
    id_ = journal.begin(API, Verb.CREATE, "v1:a", "plan", details, NOON)

    (intent,) = journal.unfinished()
    journal.finish(id_, "Applied", "Created.", LATER)

    assert (intent.target, intent.verb, intent.details) == (API, Verb.CREATE, details)
    assert journal.unfinished() == ()
    (finished,) = journal.history(API, 10)
    assert (finished.outcome, finished.ended) == ("Applied", LATER)


def test_what_is_finished_stays_as_it_is(database):
    journal = IntentJournal(database)
    id_ = journal.begin(API, Verb.CREATE, "v1:a", "plan", {}, NOON)
    journal.finish(id_, "Failed", "Denied.", NOON)

    journal.finish(id_, "Applied", "", LATER)

    assert journal.history(API, 1)[0].outcome == "Failed"


def test_the_history_of_a_resource_is_its_own_latest_first(database):
    journal = IntentJournal(database)
    journal.begin(API, Verb.CREATE, "v1:a", "plan", {}, NOON)
    journal.begin(MLFLOW, Verb.CREATE, "v1:a", "plan", {}, NOON)
    journal.begin(API, Verb.UPDATE, "v1:b", "plan", {}, NOON)

    assert [i.verb for i in journal.history(API, 9)] == [Verb.UPDATE, Verb.CREATE]


def test_several_records_appear_at_once_or_not_at_all(database):
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


def test_addresses_are_kept_whatever_their_order(database):
    fallbacks = StoredFallbacks(database)

    fallbacks.keep("mlflow.local", ["10.0.0.2", "10.0.0.1"])
    fallbacks.keep("mlflow.local", ["10.0.0.1", "10.0.0.2"])

    assert fallbacks.last_good("mlflow.local") == ("10.0.0.1", "10.0.0.2")
    assert fallbacks.last_good("api.local") == ()


def test_addresses_follow_the_change(database):
    fallbacks = StoredFallbacks(database)
    fallbacks.keep("mlflow.local", ["10.0.0.1"])

    fallbacks.keep("mlflow.local", ["10.0.0.9"])

    assert fallbacks.last_good("mlflow.local") == ("10.0.0.9",)


def test_wishes_are_heard_once_by_whoever_remembers_the_last(database):
    triggers = Triggers(database)
    triggers.ask("a push", NOON)
    heard = triggers.latest()

    triggers.ask("a registration", LATER)

    assert [t.reason for t in triggers.pending(heard)] == ["a registration"]
    assert triggers.pending(triggers.latest()) == ()


def test_there_is_no_wish_before_the_first(database):
    assert Triggers(database).latest() == 0


def test_what_stays_undeclared_keeps_the_time_it_was_first_seen(database):
    undeclared = UndeclaredLog(database)
    undeclared.replace([API], NOON)

    undeclared.replace([API, MLFLOW], LATER)

    assert undeclared.since() == {API: NOON, MLFLOW: LATER}


def test_what_is_declared_again_is_forgotten(database):
    undeclared = UndeclaredLog(database)
    undeclared.replace([API, MLFLOW], NOON)

    undeclared.replace([MLFLOW], LATER)

    assert undeclared.since() == {MLFLOW: NOON}


def test_the_last_sign_of_life_is_the_latest(database):
    heartbeats = Heartbeats(database)
    heartbeats.beat("reconcile", "one")

    heartbeats.beat("reconcile", "two")

    assert heartbeats.last("reconcile").holder == "two"
    assert heartbeats.last("dispatch") is None


def test_a_note_is_kept_by_resource_and_key_and_the_last_one_counts(database):
    notes = StoredNotes(database)

    notes.keep(API, "applied", "one")
    notes.keep(API, "applied", "two")
    notes.keep(API, "cause", "it crashed")
    notes.keep(MLFLOW, "applied", "three")

    assert notes.of(API) == {"applied": "two", "cause": "it crashed"}
    assert notes.under("applied", {API, MLFLOW}) == {API: "two", MLFLOW: "three"}
    assert notes.under("applied", {MLFLOW}) == {MLFLOW: "three"}


def test_notes_on_what_is_gone_are_forgotten(database):
    notes = StoredNotes(database)
    notes.keep(API, "applied", "one")
    notes.keep(MLFLOW, "applied", "two")

    notes.drop([API])

    assert notes.under("applied", {API, MLFLOW}) == {MLFLOW: "two"}


def test_one_note_is_forgotten_and_the_others_stay(database):
    notes = StoredNotes(database)
    notes.keep(API, "applied", "one")
    notes.keep(API, "cause", "two")

    notes.forget(API, "cause")
    notes.forget(API, "cause")

    assert notes.of(API) == {"applied": "one"}
