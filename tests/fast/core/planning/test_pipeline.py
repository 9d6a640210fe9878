"""What goes on already leaves less to be done."""

import pytest

from controller.core.document.resource import ResourceId
from controller.core.planning.pipeline import PlanningView
from controller.core.planning.safety import SafetyLimits
from controller.core.planning.scope import ALL
from controller.core.resources.observation import Absent
from controller.core.resources.plan import (
    Action,
    Blocked,
    Change,
    Effect,
    Hold,
    Plan,
    Reason,
    Verb,
)
from tests.fakes.toy import declared, judged, seen, toy

A, B = ResourceId("toy", "a"), ResourceId("toy", "b")


@pytest.mark.parametrize("hold", [Hold.ROLLOUT_IN_PROGRESS, Hold.ROLLOUT_STALLED])
def test_a_rollout_that_has_not_ended_takes_up_a_turn_the_stuck_one_too(hold):
    change = Change("targets", "1", "2", Effect.RESTART)
    restart = Action(B, Verb.UPDATE, Reason.DRIFTED, (change,))
    found = Plan((restart,), blocked=(Blocked(A, hold, "It rolls out."),))
    desired, there = declared(toy("a"), toy("b")), seen(a=Absent(), b=Absent())

    one = judged(found, PlanningView(desired, there, SafetyLimits(1), ALL), {})
    two = judged(found, PlanningView(desired, there, SafetyLimits(2), ALL), {})

    assert (one.actions, two.actions) == ((), (restart,))
    assert {b.hold for b in one.blocked} == {hold, Hold.DISRUPTION_BUDGET_EXCEEDED}
