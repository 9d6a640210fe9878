"""When a repair becomes a fight."""

from datetime import timedelta

import pytest

from controller.core.document.resource import ResourceId
from controller.core.errors import PermanentError
from controller.core.planning.contention import (
    MAX_REPAIRS,
    WINDOW,
    RepairCounts,
    without_contested,
)
from controller.core.resources.driver import Applied, Failed
from controller.core.resources.plan import Action, Change, Hold, Plan, Reason, Verb
from tests.fakes.toy import NOON

A = ResourceId("toy", "a")
MINUTE = timedelta(minutes=1)


def repair(path="ttl", generation="v1:g", reason=Reason.DRIFTED, to=2) -> Action:
    change = Change(path, 1, to)
    return Action(A, Verb.UPDATE, reason, (change,), generation=generation)


def repaired(times: int, action=None, outcome=None) -> RepairCounts:
    """Return what is known after as many repairs, a minute apart."""
    known = RepairCounts()
    for minute in range(times):
        at = NOON + minute * MINUTE
        known = known.after([action or repair()], {A: outcome or Applied()}, at)
    return known


def planned(
    known: RepairCounts, action=None, after=MAX_REPAIRS * MINUTE, writers=None
) -> Plan:
    plan = Plan((action or repair(),))
    return without_contested(plan, known, writers or {}, NOON + after)


def test_a_field_that_is_changed_back_again_and_again_is_left_alone():
    plan = planned(repaired(MAX_REPAIRS), writers={A: "arn:aws:iam::1:user/ada"})

    (blocked,) = plan.blocked
    assert plan.actions == ()
    assert blocked.hold is Hold.WRITE_CONFLICT
    assert "ttl" in blocked.message
    assert "arn:aws:iam::1:user/ada" in blocked.message


def test_fewer_repairs_are_no_fight():
    assert planned(repaired(MAX_REPAIRS - 1)).actions == (repair(),)


def test_another_field_is_not_part_of_the_fight():
    other = repair("host")

    assert planned(repaired(MAX_REPAIRS), other).actions == (other,)


def test_what_becomes_something_else_each_time_follows_the_world():
    known = RepairCounts()
    for minute in range(MAX_REPAIRS):
        moved = repair(to=f"10.0.0.{minute}")
        known = known.after([moved], {A: Applied()}, NOON + minute * MINUTE)
    again = repair(to="10.0.0.9")

    assert planned(known, again).actions == (again,)


def test_after_a_while_it_is_tried_once_more():
    assert planned(repaired(MAX_REPAIRS), after=WINDOW).actions == (repair(),)


def test_a_changed_declaration_ends_the_fight():
    changed = repair(generation="v1:other")

    assert planned(repaired(MAX_REPAIRS), changed).actions == (changed,)


def test_what_failed_repaired_nothing():
    failed = Failed(PermanentError("denied"))

    assert planned(repaired(MAX_REPAIRS, outcome=failed)).actions == (repair(),)


def test_a_change_of_the_document_is_no_repair():
    changed = repair(reason=Reason.CHANGED)

    assert planned(repaired(MAX_REPAIRS, changed)).actions == (repair(),)


def test_what_a_person_asked_for_is_no_part_of_a_fight():
    assert planned(repaired(MAX_REPAIRS).without(A)).actions == (repair(),)


def fought(reasons, turns=12):
    """Return the plans of controllers that take turns to set one field."""
    known, plans, live = {name: RepairCounts() for name in reasons}, [], ""
    for turn, name in enumerate([*reasons] * turns):
        at = NOON + turn * timedelta(seconds=20)
        action = repair(generation=f"v1:{name}", reason=reasons[name], to=name)
        found = Plan((action,) if live != name else ())
        plan = without_contested(found, known[name], {}, at)
        done = {action.target: Applied() for action in plan.actions}
        known[name] = known[name].after(plan.actions, done, at)
        live = name if plan.actions else live
        plans.append((name, plan))
    return plans


@pytest.mark.parametrize(
    "reasons",
    [
        {"one": Reason.DRIFTED, "two": Reason.DRIFTED},
        {"one": Reason.CHANGED, "two": Reason.CHANGED},
    ],
)
def test_two_controllers_that_fight_stop_and_both_report_it(reasons):
    """One holds back; the other is in sync from then on, and warns."""
    plans = fought(reasons)

    held = {name for name, plan in plans if plan.blocked}
    warned = {name for name, plan in plans if plan.advice}
    assert len(held) == 1
    assert held | warned == {"one", "two"}


def test_the_warning_ends_with_the_window():
    known = repaired(MAX_REPAIRS)

    during = without_contested(Plan(), known, {A: "ada"}, NOON + 3 * MINUTE)
    later = without_contested(Plan(), known, {}, NOON + 2 * WINDOW)

    (advice,) = during.advice
    assert advice.reason is Reason.WRITE_CONFLICT
    assert "ttl was changed back" in advice.message
    assert "ada" in advice.message
    assert later.advice == ()
