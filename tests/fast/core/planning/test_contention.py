"""When a repair becomes a fight."""

from datetime import timedelta

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
