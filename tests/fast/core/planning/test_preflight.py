"""What findings make of a plan, and of what is told about a resource."""

import pytest

from controller.core.document.resource import ResourceId, Suspension
from controller.core.planning.pipeline import (
    PlanningView,
    deployment_targets,
    permitted,
)
from controller.core.planning.planner import diff
from controller.core.planning.preflight import (
    CheckFinding,
    CheckPassed,
    CheckSkipped,
    CheckUnknown,
    Severity,
    with_findings,
)
from controller.core.planning.safety import SafetyLimits
from controller.core.planning.scope import ALL
from controller.core.resources.condition import ConditionType as Type
from controller.core.resources.condition import Truth
from controller.core.resources.observation import Absent, Present
from controller.core.resources.plan import Hold, Reason, Verb
from controller.core.status.resource_conditions import conditions_of
from tests.fakes.toy import KINDS, ToyState, declared, judged, seen, toy

A, B = ResourceId("toy", "a"), ResourceId("toy", "b")
GONE = CheckFinding(
    "image", Severity.BLOCKS, "image", "There is no image.", "aws ecr x"
)
NO_ROLE = CheckFinding(
    "roles", Severity.BLOCKS, "roles.task", "There is no role.", "aws i"
)
ODD = CheckFinding(
    "data", Severity.WARNS, "connects", "Nothing is backed up.", "aws rds y"
)
THROTTLED = CheckUnknown("image", "Rate exceeded.", temporary=True)
DENIED = CheckUnknown("roles", "AccessDenied.", temporary=False)
OLD = Present(ToyState(targets=frozenset({"10.9.9.9"})))
SAME = Present(ToyState())


def plan_of(observed, *resources):
    return diff(declared(*(resources or [toy("a")])), observed, KINDS)


@pytest.mark.parametrize("there", [Absent(), OLD], ids=["create", "restart"])
def test_what_would_be_deployed_on_something_missing_is_held_back(there):
    plan = plan_of(seen(a=there))

    sound = with_findings(plan, {A: (CheckPassed("logs"), GONE, NO_ROLE, ODD)})

    (blocked,) = sound.blocked
    assert sound.actions == ()
    assert blocked.hold is Hold.PREFLIGHT_FAILED
    assert blocked.message == "There is no image. 1 more finding."
    assert blocked.changes == plan.actions[0].changes
    assert [(a.reason, a.command) for a in sound.advice] == [
        (Reason.PREFLIGHT_FAILED, "aws ecr x"),
        (Reason.PREFLIGHT_FAILED, "aws i"),
        (Reason.PREFLIGHT_WARNING, "aws rds y"),
    ]


def test_a_warning_is_told_and_holds_nothing_back():
    sound = with_findings(plan_of(seen(a=Absent())), {A: (ODD,)})

    assert [a.verb for a in sound.actions] == [Verb.CREATE]
    assert [a.message for a in sound.advice] == ["Nothing is backed up."]


def test_what_could_not_be_looked_at_just_now_makes_the_action_wait():
    sound = with_findings(plan_of(seen(a=Absent())), {A: (THROTTLED,)})

    assert [b.hold for b in sound.blocked] == [Hold.UNKNOWN]
    assert not sound.complete


def test_what_may_not_be_looked_at_warns_and_is_never_taken_for_missing():
    sound = with_findings(plan_of(seen(a=Absent())), {A: (DENIED,)})

    assert [a.verb for a in sound.actions] == [Verb.CREATE]
    assert [a.message for a in sound.advice] == [
        "The check `roles` could not run: AccessDenied."
    ]


def test_a_change_in_place_is_not_held_back():
    observed = seen(a=Present(ToyState(ttl=5)))
    plan = plan_of(observed)

    assert with_findings(plan, {A: (GONE,)}).advice[0] == plan.advice[0]


def test_a_deletion_needs_nothing():
    observed = seen(a=SAME, b=SAME)

    sound = with_findings(plan_of(observed), {B: (GONE,)})

    assert [(a.target, a.verb) for a in sound.actions] == [(B, Verb.DELETE)]


def test_what_was_taken_away_from_something_in_sync_is_told():
    sound = with_findings(plan_of(seen(a=SAME)), {A: (GONE, CheckSkipped("logs", "x"))})

    assert [a.reason for a in sound.advice] == [Reason.PREFLIGHT_FAILED]
    assert sound.blocked == ()


def concluded(observed, *results):
    desired = declared(toy("a"))
    plan = with_findings(diff(desired, observed, KINDS), {A: results})
    return conditions_of(desired, observed, plan, {}, KINDS, {})[A]


def test_what_holds_it_back_comes_first_in_its_conditions():
    conditions = concluded(seen(a=OLD), ODD, GONE)

    for type_ in (Type.READY, Type.SYNCED):
        assert conditions[type_].status is Truth.FALSE
        assert conditions[type_].reason == "PreflightFailed"
    assert conditions[Type.STALLED].reason == "PreflightFailed"
    assert conditions[Type.RECONCILING].status is Truth.FALSE


def test_it_is_not_ready_on_something_that_was_taken_away():
    conditions = concluded(seen(a=SAME), ODD, GONE)

    assert conditions[Type.READY].reason == "PreflightFailed"
    assert conditions[Type.STALLED].status is Truth.TRUE


def test_a_warning_leaves_it_ready_and_is_told_there():
    ready = concluded(seen(a=SAME), DENIED, ODD)[Type.READY]

    assert (ready.status, ready.reason) == (Truth.TRUE, "PreflightWarning")
    assert "AccessDenied" in ready.message
    assert ready.message.endswith(" 1 more warning.")


def test_a_warning_is_no_stall():
    stalled = concluded(seen(a=SAME), DENIED)[Type.STALLED]

    assert (stalled.status, stalled.reason) == (Truth.FALSE, "NotStalled")


def test_an_action_beside_a_warning_is_under_way():
    conditions = concluded(seen(a=OLD), ODD)

    assert conditions[Type.SYNCED].reason == "Drifted"
    assert conditions[Type.RECONCILING].status is Truth.TRUE


def view(observed, *resources, **limits):
    return PlanningView(declared(*resources), observed, SafetyLimits(**limits), ALL)


def test_what_cannot_be_deployed_uses_up_nobodys_turn():
    observed = seen(a=OLD, b=OLD)
    of = view(observed, toy("a"), toy("b"), max_disruptive_actions=1)
    found = diff(of.desired, observed, KINDS)

    plan = judged(found, of, {A: (GONE,)})

    assert [a.target for a in plan.actions] == [B]


def test_what_a_person_suspended_is_not_looked_at():
    observed, suspended = seen(a=OLD, b=OLD), Suspension("ann", "holiday")
    of = view(observed, toy("a", suspend=suspended), toy("b"))
    found = diff(of.desired, observed, KINDS)

    assert deployment_targets(permitted(found, of)) == (B,)
    assert [b.hold for b in judged(found, of, {A: (GONE,)}).blocked] == [Hold.SUSPENDED]


def test_what_waits_for_a_rollout_is_looked_at_when_its_turn_comes():
    observed = seen(a=Present(ToyState(busy=True, broken=True)), b=Absent())
    of = view(observed, toy("a"), toy("b", depends_on=frozenset({A})))

    assert deployment_targets(permitted(diff(of.desired, observed, KINDS), of)) == ()


def test_what_cannot_be_deployed_does_not_keep_our_own_service_waiting():
    observed = seen(a=OLD, b=OLD)
    of = view(observed, toy("a"), toy("b"), own=B)
    found = diff(of.desired, observed, KINDS)

    plan = judged(found, of, {A: (GONE,)})

    assert [a.target for a in plan.actions] == [B]
