"""Each edit by others, and each move of an alias that was not recorded, is one event."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from controller.core.document.resource import ResourceId
from controller.core.planning.sightings import Sighting
from controller.core.resources.plan import Verb
from controller.core.webhooks.outside_changes import (
    APPLIED,
    DRIFT,
    POSITIONS,
    Attempt,
    findings,
    moved_positions,
)

API, LEADS = ResourceId("service", "api"), ResourceId("model", "leads")
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
CURRENT = {APPLIED: json.dumps({"generation": "g1", "spec": {}})}
AT_3 = {POSITIONS: json.dumps({"aliases": {"production": "3"}, "intent": 5})}
RECORDED = Attempt(5)
CRASHED = Attempt(6, Verb.UPDATE, "g1", "Unknown")


def seen(**fields):
    return Sighting({}, "g1", **fields)


def found(id_, sighting, notes=CURRENT, last=RECORDED):
    return findings(id_, sighting, notes, lambda: last, NOON)


def types(result):
    return [event.type for event in result.events]


def test_an_edit_opens_an_episode_and_names_the_fields():
    edited = seen(is_in_sync=False, edited={"task.cpu": "1", "task.memory": "2"})

    result = found(API, edited)

    (event,) = result.events
    assert (event.type, event.reason) == ("drift.detected", "Drifted")
    assert event.details == {"fields": "task.cpu, task.memory"}
    assert DRIFT in result.kept


def test_an_open_episode_makes_no_other_event_and_ends_in_sync():
    notes = {**CURRENT, DRIFT: '["task.cpu"]'}

    again = found(API, seen(is_in_sync=False, edited={"task.memory": "2"}), notes)
    ended = found(API, seen(), notes)

    assert again.is_empty
    assert (ended.events, ended.forgotten) == ([], {DRIFT})


def test_a_deletion_outside_the_document_is_drift():
    result = found(API, seen(is_present=False, is_in_sync=False))

    (event,) = result.events
    assert (event.reason, event.details) == ("Deleted", {"fields": "deleted"})


@pytest.mark.parametrize("notes", [{}, {APPLIED: '{"generation": "g0"}'}])
def test_a_resource_that_was_never_there_as_declared_is_not_drift(notes):
    assert found(API, seen(is_present=False, is_in_sync=False), notes).is_empty


def test_what_is_in_sync_is_what_was_applied_last():
    result = found(API, seen(), {})

    assert json.loads(result.kept[APPLIED]) == {"generation": "g1", "spec": {}}
    assert found(API, seen(is_in_sync=False), {}).is_empty


def test_the_first_sight_of_aliases_is_no_event():
    result = found(LEADS, seen(positions={"production": "4"}))

    assert result.events == []
    assert json.loads(result.kept[POSITIONS]) == {
        "aliases": {"production": "4"},
        "intent": 5,
        "previous": {},
    }


@pytest.mark.parametrize("outcome", ["Unknown", "Failed", ""])
def test_a_move_of_an_action_without_a_success_on_record_is_a_promotion(outcome):
    last = Attempt(6, Verb.UPDATE, "g1", outcome)

    result = found(LEADS, seen(positions={"production": "4"}), CURRENT | AT_3, last)

    (event,) = result.events
    assert event.type == "model.promoted"
    assert event.details == {
        "alias": "production",
        "version": "4",
        "previous_version": "3",
    }
    assert json.loads(result.kept[POSITIONS])["intent"] == 6


def test_a_requested_move_is_a_rollback():
    last = Attempt(6, Verb.ROLL_BACK, "g1", "Unknown", "ada")

    result = found(LEADS, seen(positions={"production": "2"}), CURRENT | AT_3, last)

    (event,) = result.events
    assert event.type == "model.rolled_back"
    assert event.details == {"alias": "production", "version": "2", "by": "ada"}


def test_a_crash_before_the_move_is_no_event():
    at_3 = seen(positions={"production": "3"})

    assert found(LEADS, at_3, CURRENT | AT_3, CRASHED).is_empty


def test_an_alias_that_another_writer_moved_is_drift():
    moved = seen(
        is_in_sync=False,
        differing=frozenset({"aliases.production"}),
        positions={"production": "1"},
    )

    result = found(LEADS, moved, CURRENT | AT_3)

    assert types(result) == ["drift.detected"]
    assert POSITIONS not in result.kept


def test_an_alias_that_waits_for_its_promotion_is_not_drift():
    waiting = seen(
        is_in_sync=False,
        differing=frozenset({"aliases.production"}),
        positions={"production": "3"},
    )

    assert found(LEADS, waiting, CURRENT | AT_3).is_empty


def test_a_recorded_move_is_accounted_with_its_outcome():
    text = moved_positions(AT_3[POSITIONS], {"production": "4"}, 6)

    at_4 = seen(positions={"production": "4"})
    assert found(LEADS, at_4, {**CURRENT, POSITIONS: text}, CRASHED).is_empty


EDITED = Attempt(6, begun=NOON - timedelta(minutes=9), before={"task.cpu": "1"})


@pytest.mark.parametrize(
    ("value", "last", "expected"),
    [
        ("1", EDITED, []),
        ("2", EDITED, ["drift.detected"]),
        ("1", replace(EDITED, begun=NOON - timedelta(hours=1)), ["drift.detected"]),
    ],
    ids=["value from before", "another value", "long ago"],
)
def test_a_read_that_lags_behind_an_action_is_not_drift(value, last, expected):
    edited = seen(is_in_sync=False, edited={"task.cpu": value})

    assert types(found(API, edited, CURRENT, last)) == expected


def test_a_service_that_was_just_created_is_not_deleted():
    created = Attempt(6, Verb.CREATE, begun=NOON - timedelta(minutes=1))
    absent = seen(is_present=False, is_in_sync=False)

    assert found(API, absent, CURRENT, created).is_empty


def test_a_read_that_lags_behind_a_move_is_not_drift():
    text = moved_positions(AT_3[POSITIONS], {"production": "4"}, 6)
    lagging = seen(
        is_in_sync=False,
        differing=frozenset({"aliases.production"}),
        positions={"production": "3"},
    )
    last = Attempt(6, begun=NOON)

    assert found(LEADS, lagging, {**CURRENT, POSITIONS: text}, last).is_empty
