"""Audit rows of actions: one for each, with its outcome, in an unbroken chain."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from controller.core.audit.chain import verified
from controller.core.audit.entry import AuditSource
from controller.core.document.resource import ResourceId
from controller.core.errors import PermanentError, TransientError
from controller.core.resources.driver import Applied, Failed, Waiting
from controller.core.resources.operation_request import OperationRequest
from controller.core.resources.plan import Action, Change, Reason, Verb
from controller.engine.store_memory import StoreMemory
from controller.store.audit_log import AuditLog
from controller.store.journal import IntentJournal
from tests.fakes.inline import SteppedClock
from tests.fakes.store import empty_store
from tests.fakes.toy import ToySpec

A = ResourceId("toy", "a")
UPDATE = Action(
    A, Verb.UPDATE, Reason.CHANGED, (Change("size", 1, 2),), ToySpec(), generation="v1"
)
SOURCE = AuditSource("host:1:ab", "pass", "v1:document", "c0ffee")


@pytest.fixture
def database():
    return empty_store(SteppedClock())


@pytest.fixture
def memory(database):
    return opened(database)


def opened(database, source=SOURCE):
    memory = StoreMemory(database, SteppedClock())
    memory.trail.source = lambda: source
    return memory


def rows(database):
    log = AuditLog(database)
    assert verified(log.records()).broken is None
    return [record.entry for record in log.records()]


def done(memory, action, outcome):
    memory.finished(memory.started(action), action, outcome)


def test_a_finished_action_has_one_row_with_its_outcome(database, memory):
    done(memory, UPDATE, Applied("resized"))

    (row,) = rows(database)
    assert (row.actor, row.via) == ("host:1:ab", "pass")
    assert (row.action, row.kind, row.name) == ("update", "toy", "a")
    assert (row.outcome, row.reason) == ("Applied", "Changed")
    assert (row.document_digest, row.source_commit) == ("v1:document", "c0ffee")
    details = json.loads(row.details)
    assert details["changes"] == [{"path": "size", "before": 1, "after": 2}]
    assert details["message"] == "resized"


def test_a_change_that_was_not_planned_is_in_the_row(database, memory):
    further = (Change("aliases.production", None, 2),)

    done(memory, UPDATE, Applied(further=further))

    changes = json.loads(rows(database)[0].details)["changes"]
    assert [change["path"] for change in changes] == ["size", "aliases.production"]


def test_a_failed_action_says_so(database, memory):
    done(memory, UPDATE, Failed(PermanentError("denied")))

    (row,) = rows(database)
    assert (row.outcome, json.loads(row.details)["message"]) == ("Failed", "denied")


@pytest.mark.parametrize("verb", [verb for verb in Verb if verb is not Verb.CREATE])
def test_a_requested_operation_has_its_user_and_the_reason(database, memory, verb):
    request = OperationRequest("ada@laptop", "it leaks")

    done(memory, replace(UPDATE, verb=verb, request=request), Applied())

    (row,) = rows(database)
    assert (row.actor, row.via) == ("ada@laptop", "command")
    assert (row.action, row.reason) == (verb.value, "it leaks")


def test_an_action_has_no_row_before_its_outcome(database, memory):
    memory.started(UPDATE)

    assert rows(database) == []


def test_an_action_that_a_dead_process_left_open_has_its_author(database):
    opened(database, replace(SOURCE, actor="dead:1:ab")).started(UPDATE)
    memory = opened(database)

    memory.take_over()
    memory.take_over()

    (row,) = rows(database)
    assert (row.actor, row.outcome) == ("dead:1:ab", "Unknown")
    assert json.loads(row.details)["changes"][0]["after"] == 2


def test_an_intent_of_the_version_before_is_closed_with_a_row(database, memory):
    now = SteppedClock().now()
    IntentJournal(database).begin(A, Verb.UPDATE, "v1", "", {"changes": []}, now)

    memory.take_over()

    (row,) = rows(database)
    assert (row.action, row.name, row.outcome) == ("update", "a", "Unknown")


def test_an_outcome_that_could_not_be_recorded_is_recorded_later_and_once(
    database, memory, monkeypatch
):
    number = memory.started(UPDATE)

    def full(*_):
        message = "the store could not be written: disk is full"
        raise TransientError(message)

    with monkeypatch.context() as patch:
        patch.setattr(AuditLog, "append", full)
        with pytest.raises(TransientError):
            memory.finished(number, UPDATE, Applied())
    assert [intent.id for intent in IntentJournal(database).unfinished()] == [number]

    memory.save_statuses({})
    memory.save_statuses({})

    (row,) = rows(database)
    assert row.outcome == "Applied"
    assert IntentJournal(database).unfinished() == ()


def test_an_outcome_whose_commit_was_not_confirmed_has_one_row(database, memory):
    """The store answered with an error after it had committed."""
    done(memory, UPDATE, Applied())
    (intent,) = IntentJournal(database).history(A, 1)
    memory._unrecorded.append((intent.id, UPDATE, Applied()))

    memory.save_statuses({})

    assert len(rows(database)) == 1


def test_an_action_that_waits_for_the_same_step_has_one_row(database, memory):
    soon = timedelta(seconds=1)
    for message in ("Trying.", "Trying.", "Almost."):
        done(memory, UPDATE, Waiting(soon, message))
    done(memory, UPDATE, Applied())
    done(memory, UPDATE, Waiting(soon, "Almost."))

    outcomes = [row.outcome for row in rows(database)]
    assert outcomes == ["Waiting", "Waiting", "Applied", "Waiting"]
