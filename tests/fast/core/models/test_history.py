"""The history of a model: who registered and promoted which version, and why."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from controller.core.models.history import (
    RecordedAction,
    VersionRegistration,
    model_history,
    recorded_action,
)

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
REGISTERED = {
    "path": "versions[0]",
    "before": None,
    "after": {"source": "models:/m-1", "run_id": "r1"},
}
PROMOTED = {"path": "aliases.production", "before": 1, "after": 2}
VERSION = VersionRegistration(1, NOON, "models:/m-1", "r1", "trainer")


def action(*changes, action="update", outcome="Applied", minutes=1, **more):
    return RecordedAction(
        NOON + timedelta(minutes=minutes),
        action,
        outcome,
        by="host:1:ab",
        reason="Changed",
        commit="c0ffee",
        changes=changes,
        **more,
    )


def test_a_version_of_another_program_has_the_user_of_its_run():
    (event,) = model_history([], [VERSION])

    assert (event.event, event.version, event.by) == ("Registered", 1, "trainer")
    assert (event.at, event.commit) == (NOON, "")


@pytest.mark.parametrize("outcome", ["Applied", "Failed", "Unknown"])
def test_a_version_that_the_controller_registered_has_the_commit(outcome):
    """An action may fail after it has registered the version."""
    (event,) = model_history([action(REGISTERED, outcome=outcome)], [VERSION])

    assert (event.event, event.version) == ("Registered", 1)
    assert (event.by, event.reason, event.commit) == ("host:1:ab", "Changed", "c0ffee")


def test_an_action_before_the_version_did_not_register_it():
    """A deleted version was registered again from the same files."""
    (event,) = model_history([action(REGISTERED, minutes=-1)], [VERSION])

    assert event.by == "trainer"


def test_a_promotion_has_the_alias_and_both_versions():
    (event,) = model_history([action(PROMOTED)], [])

    assert (event.event, event.alias) == ("Promoted", "production")
    assert (event.before, event.version) == (1, 2)


def test_a_removed_alias_and_a_first_alias_are_told_apart():
    removed, first = {**PROMOTED, "after": None}, {**PROMOTED, "before": None}

    events = model_history([action(removed, minutes=2), action(first)], [])

    assert [event.event for event in events] == ["AliasRemoved", "Promoted"]
    assert [event.before for event in events] == [1, None]


@pytest.mark.parametrize("outcome", ["Failed", "Waiting", "Skipped"])
def test_a_promotion_that_did_not_happen_is_left_out(outcome):
    assert model_history([action(PROMOTED, outcome=outcome)], []) == ()


def test_a_promotion_with_an_unknown_outcome_says_so():
    (event,) = model_history([action(PROMOTED, outcome="Unknown")], [])

    assert event.outcome == "Unknown"


def test_a_rollback_is_one_whether_it_names_an_alias_or_a_version():
    back = {**PROMOTED, "before": 2, "after": 1}

    with_alias, with_version = model_history(
        [
            action(back, action="roll back", minutes=2),
            action(action="roll back", wanted="1"),
        ],
        [],
    )

    assert (with_alias.event, with_alias.version) == ("RolledBack", 1)
    assert (with_version.event, with_version.version) == ("RolledBack", 1)


@pytest.mark.parametrize(
    ("operation", "wanted", "expected"),
    [
        ("approve", "3", ("Approved", 3, "")),
        ("resume", "production", ("Resumed", None, "production")),
        ("look after", "", ("LookAfter", None, "")),
    ],
)
def test_another_request_has_the_name_of_its_operation(operation, wanted, expected):
    (event,) = model_history([action(action=operation, wanted=wanted)], [])

    assert (event.event, event.version, event.alias) == expected


def test_other_changes_of_the_document_are_no_events():
    assert model_history([action({"path": "description"})], []) == ()


def test_events_are_in_the_order_of_time_newest_first():
    later = VersionRegistration(2, NOON + timedelta(minutes=2), "models:/m-2")

    events = model_history([action(PROMOTED)], [VERSION, later])

    assert [event.event for event in events] == ["Registered", "Promoted", "Registered"]


FIELDS = {
    "action": "update",
    "outcome": "Applied",
    "by": "ada",
    "reason": "",
    "commit": "",
}


@pytest.mark.parametrize(
    ("time", "details"),
    [
        ("noon", "{}"),
        ("2026-01-01T12:00:00", "{}"),
        (NOON.isoformat(), "{"),
        (NOON.isoformat(), "[]"),
    ],
    ids=["time", "zone", "json", "list"],
)
def test_a_malformed_row_is_left_out(time, details):
    assert recorded_action(time, FIELDS, details) is None


def test_a_row_of_the_audit_log_is_an_action():
    details = json.dumps({"changes": [PROMOTED, 1], "wanted": "2"})

    found = recorded_action(NOON.isoformat(), FIELDS, details)

    assert found is not None
    assert (found.at, found.by, found.wanted) == (NOON, "ada", "2")
    assert found.changes == (PROMOTED,)
