"""A saved plan that is carried out, and what that has cost."""

from datetime import UTC, datetime, timedelta

import pytest

from controller.app.actual_cost import ActualCost
from controller.app.saved_plan import SavedPlanRun
from controller.bootstrap.call_count import CallCounts, CallsSpent
from controller.core.document.resource import ResourceId
from controller.core.errors import PermanentError, RefusedError
from controller.core.planning.plan_file import Origin, saved_plan
from controller.core.resources.cost import Cost
from controller.core.resources.driver import Applied, Failed, Progressing, Skipped
from controller.core.resources.plan import Action, Change, Effect, Plan, Reason, Verb
from controller.engine.reconciler import PassResult
from tests.fakes.toy import KINDS

A, B = ResourceId("toy", "a"), ResourceId("toy", "b")
ORIGIN = Origin(datetime(2026, 1, 1, tzinfo=UTC), "me@here", "development", "v1:d")
RESTART = (Change("targets", "x", "y", Effect.RESTART),)
UPDATE = Action(A, Verb.UPDATE, Reason.DRIFTED, RESTART, generation="v1:a")
OTHER = Action(B, Verb.CREATE, Reason.MISSING)


def result(outcome):
    return PassResult(Plan((UPDATE,)), {A: outcome}, Plan(), {}, timedelta())


@pytest.fixture
def planned():
    return SavedPlanRun(saved_plan(Plan((UPDATE,)), ORIGIN), KINDS)


def test_it_lets_through_what_was_planned_and_nothing_else(planned):
    plan = Plan((UPDATE, OTHER))

    assert planned.scope.included(plan).actions == (UPDATE,)
    assert planned.scope.excluded(plan).actions == (OTHER,)


@pytest.mark.parametrize(
    ("outcome", "again"),
    [
        (Applied(), False),
        (Progressing(timedelta(), "It restarts."), False),
        (Failed(PermanentError("denied")), True),
        (Skipped("It waits."), True),
    ],
)
def test_what_came_about_is_not_done_again(planned, outcome, again):
    planned.note(result(outcome))

    assert bool(planned.scope.included(Plan((UPDATE,))).actions) is again


def test_all_that_moved_is_named_at_once(planned):
    with pytest.raises(RefusedError, match="toy/a: no action is needed any more"):
        planned.check(Plan())


def test_what_did_not_move_is_let_through(planned):
    planned.check(Plan((UPDATE, OTHER)))
    planned.check_origin(ORIGIN)


def test_only_what_was_spent_since_is_counted():
    spent = [
        CallsSpent(
            (
                CallCounts("ecs:DescribeServices", 5, 0),
                CallCounts("ecs:TagResource", 1, 1),
            ),
            {},
        ),
        CallsSpent(
            (
                CallCounts("ecs:DescribeServices", 8, 0),
                CallCounts("ecs:TagResource", 3, 3),
            ),
            {},
        ),
    ]
    tally = ActualCost(lambda: spent[0])
    spent.pop(0)

    tally.note(result(Progressing(timedelta(), "It restarts.")), 1.0)
    tally.note(result(Skipped("It waits.")), 7.4)

    assert tally.cost == Cost(calls=2, restarts=1, seconds=7)
    assert tally.looks == 3
