"""Which rollout came of which request, by what was written down of both."""

from datetime import UTC, datetime, timedelta

from controller.core.resources.operation_request import OperationRequest
from controller.core.resources.plan import Verb
from controller.core.resources.rollouts import Result, RolloutRecord
from controller.core.status.interventions import (
    RecordedIntervention,
    with_interventions,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(seconds):
    return NOON + timedelta(seconds=seconds)


def rolled(id_, seconds, asked=""):
    began = None if seconds is None else at(seconds)
    return RolloutRecord(id_, "api:1", Result.SUCCEEDED, began, intervention=asked)


def ask(seconds, verb=Verb.RESTART, reason="it leaks"):
    return RecordedIntervention(
        verb, OperationRequest("ada@laptop", reason), at(seconds)
    )


def told(rollouts, *asks):
    return {one.id: one.intervention for one in with_interventions(rollouts, asks)}


def test_the_first_rollout_after_a_request_came_of_it():
    rollouts = (rolled("c", 600), rolled("b", 1), rolled("a", -600))

    assert told(rollouts, ask(0)) == {
        "a": "",
        "b": "restarted by ada@laptop: it leaks",
        "c": "",
    }


def test_clocks_that_differ_a_little_change_nothing():
    assert told([rolled("a", -1)], ask(0))["a"].startswith("restarted by")
    assert told([rolled("a", -30)], ask(0)) == {"a": ""}


def test_what_began_right_before_is_told_from_what_began_right_after():
    rollouts = (rolled("b", 0.1), rolled("a", -0.9))

    assert told(rollouts, ask(0))["a"] == ""


def test_what_began_long_after_came_of_something_else():
    assert told([rolled("a", 3600), rolled("b", None)], ask(0)) == {"a": "", "b": ""}


def test_each_request_has_a_rollout_of_its_own_in_whatever_order_they_are_told():
    rollouts = (rolled("b", 60), rolled("a", 1))
    asks = [ask(0), ask(30, Verb.ROLL_BACK, "no better")]

    expected = {
        "a": "restarted by ada@laptop: it leaks",
        "b": "rolled back by ada@laptop: no better",
    }
    assert told(rollouts, *asks) == told(rollouts, *asks[::-1]) == expected


def test_what_the_resource_says_itself_stays_and_is_not_said_of_the_next():
    rollouts = (rolled("b", 60), rolled("a", 1, asked="restarted by ada"))

    assert told(rollouts, ask(0)) == {"a": "restarted by ada", "b": ""}
