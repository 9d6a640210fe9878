"""Drift, change and conflict are told apart, field by field."""

import pytest

from controller.core.document.resource import ResourceId
from controller.core.planning.change_causes import note_text, spec_of_note, with_causes
from controller.core.planning.planner import diff
from controller.core.resources.observation import Absent, Ownership, Present
from controller.core.resources.plan import Reason
from tests.fakes.toy import KINDS, TOY, ToySpec, ToyState, declared, seen, toy

A = ResourceId("toy", "a")
ONE, TWO, THREE = (frozenset({address}) for address in ("1", "2", "3"))


def plan(now, there, last, **more):
    """Return the plan for one toy: what is declared, there, and was applied last."""
    desired = declared(toy("a", ToySpec(targets=now)))
    observed = seen(a=Present(ToyState(targets=there), **more))
    known = {A: ToySpec(targets=last)} if last else {}
    return with_causes(diff(desired, observed, KINDS), observed, KINDS, known)


@pytest.mark.parametrize(
    ("now", "there", "last", "cause"),
    [
        pytest.param(ONE, TWO, ONE, Reason.DRIFTED, id="the world moved"),
        pytest.param(TWO, ONE, ONE, Reason.CHANGED, id="the document moved"),
        pytest.param(TWO, THREE, ONE, Reason.CONFLICT, id="both moved"),
    ],
)
def test_three_values_tell_who_moved(now, there, last, cause):
    (action,) = plan(now, there, last).actions

    assert [change.cause for change in action.changes] == [cause]
    assert action.reason is cause


def test_without_the_last_value_the_stamp_says_what_it_can():
    (action,) = plan(TWO, ONE, None, applied="v1:old").actions

    assert action.reason is Reason.CHANGED
    assert [change.cause for change in action.changes] == [None]


def test_a_drift_beside_a_change_is_a_change_of_the_resource():
    desired = declared(toy("a", ToySpec(targets=TWO, ttl=30)))
    observed = seen(a=Present(ToyState(targets=ONE, ttl=90)))
    last = {A: ToySpec(targets=ONE, ttl=30)}

    found = with_causes(diff(desired, observed, KINDS), observed, KINDS, last)

    (action,), (advice,) = found.actions, found.advice
    assert action.reason is Reason.CHANGED
    assert [change.cause for change in advice.changes] == [Reason.DRIFTED]


def test_what_is_held_back_tells_who_moved_too():
    state = ToyState(targets=TWO, busy=True)
    desired, observed = declared(toy("a")), seen(a=Present(state))

    found = with_causes(diff(desired, observed, KINDS), observed, KINDS, {A: ToySpec()})

    (blocked,) = found.blocked
    assert [change.cause for change in blocked.changes] == [Reason.DRIFTED]


def test_reasons_that_are_no_movement_stay():
    desired, observed = declared(toy("a")), seen(a=Absent())
    plan_ = diff(desired, observed, KINDS)

    assert with_causes(plan_, observed, KINDS, {A: ToySpec()}) == plan_


def test_the_plan_does_the_same_whatever_is_known_of_before():
    one, other = plan(TWO, THREE, ONE), plan(TWO, THREE, None)

    assert one.fingerprint == other.fingerprint


def test_adopting_is_nobodys_movement():
    desired = declared(toy("a", adopt=True))
    observed = seen(a=Present(ToyState(), Ownership.UNMANAGED))

    found = with_causes(diff(desired, observed, KINDS), observed, KINDS, {A: ToySpec()})

    assert [c.cause for a in found.actions for c in a.changes] == [None]


def test_what_was_applied_is_read_as_it_was_written():
    spec = ToySpec(targets=TWO, ttl=5)

    assert spec_of_note(note_text("v1:g", spec), TOY) == spec


@pytest.mark.parametrize("text", ["", "{}", '{"spec": {"ttl": "soon"}}', "null"])
def test_a_note_that_another_version_wrote_is_no_note(text):
    assert spec_of_note(text, TOY) is None
