"""What the planner decides, case by case."""

from datetime import timedelta

import pytest

from controller.core.document.freeze import Freeze
from controller.core.document.resource import Ignored, Mode, ResourceId, Suspension
from controller.core.planning.planner import diff
from controller.core.planning.safety import SafetyLimits, guard
from controller.core.resources.observation import Absent, Ownership, Present, Unknown
from controller.core.resources.plan import Action, Change, Hold, Plan, Reason, Verb
from tests.fakes.toy import KINDS, NOON, ToySpec, ToyState, declared, seen, toy

WIDE = ToySpec(targets=frozenset({"10.0.0.1", "10.0.0.2"}))


def planned(resource, **observations) -> Plan:
    return diff(declared(resource), seen(**observations), KINDS)


def test_what_is_missing_is_created():
    plan = planned(toy("a"), a=Absent())

    (action,) = plan.actions
    assert (action.verb, action.reason) == (Verb.CREATE, Reason.MISSING)
    assert action.generation == "v1:g"


def test_what_only_a_look_can_tell_of_a_creation_is_part_of_the_plan():
    digest = Change("image", "api:latest", "api@sha256:a")

    plan = planned(toy("a"), a=Absent((digest,)))
    other = planned(toy("a"), a=Absent())

    assert plan.actions[0].changes == (digest,)
    assert plan.fingerprint != other.fingerprint


def test_what_is_in_sync_is_left_alone():
    assert planned(toy("a"), a=Present(ToyState())).in_sync


def test_what_could_not_be_seen_is_blocked_and_makes_the_plan_incomplete():
    plan = planned(toy("a"), a=Unknown("timeout"))

    (blocked,) = plan.blocked
    assert (blocked.hold, blocked.message) == (Hold.UNKNOWN, "timeout")
    assert not plan.complete


def test_what_a_dependency_keeps_unseen_waits_for_it():
    first, second = toy("a"), toy("b", depends_on=frozenset({ResourceId("toy", "a")}))

    plan = diff(declared(first, second), seen(a=Absent(), b=Unknown("refused.")), KINDS)

    (blocked,) = plan.blocked
    assert blocked.hold is Hold.UNKNOWN
    assert blocked.message == "Waits for toy/a. Last result: refused."


@pytest.mark.parametrize(
    ("applied", "reason"),
    [
        pytest.param("v1:g", Reason.DRIFTED, id="the world moved"),
        pytest.param("v1:old", Reason.CHANGED, id="the document moved"),
        pytest.param(None, Reason.DRIFTED, id="nobody remembers"),
    ],
)
def test_the_reason_tells_who_moved(applied, reason):
    plan = planned(toy("a", WIDE), a=Present(ToyState(), applied=applied))

    assert [action.reason for action in plan.actions] == [reason]


def test_what_exists_without_our_tag_is_reported_not_touched():
    plan = planned(toy("a", WIDE), a=Present(ToyState(), Ownership.UNMANAGED))

    (advice,) = plan.advice
    assert plan.actions == ()
    assert advice.reason is Reason.NOT_MANAGED


def test_what_is_to_be_adopted_is_stamped_even_if_it_is_in_sync():
    plan = planned(toy("a", adopt=True), a=Present(ToyState(), Ownership.UNMANAGED))

    (action,) = plan.actions
    assert [change.path for change in action.changes] == ["ownership"]


def test_what_another_controller_owns_is_blocked_even_if_adoption_is_declared():
    plan = planned(toy("a", adopt=True), a=Present(ToyState(), Ownership.FOREIGN))

    assert [blocked.hold for blocked in plan.blocked] == [Hold.OWNERSHIP_CONFLICT]


def test_an_ignored_difference_is_no_difference():
    ignore = (Ignored("targets", "the autoscaler's"),)

    assert planned(toy("a", WIDE, ignore=ignore), a=Present(ToyState())).in_sync


def test_an_ignore_that_expired_ignores_nothing():
    ignore = (Ignored("targets", "for the move", until=NOON),)

    plan = planned(toy("a", WIDE, ignore=ignore), a=Present(ToyState()))

    assert [action.verb for action in plan.actions] == [Verb.UPDATE]


def test_what_its_kind_holds_back_is_blocked_with_its_changes():
    plan = planned(toy("a", WIDE), a=Present(ToyState(busy=True)))

    (blocked,) = plan.blocked
    assert blocked.hold is Hold.ROLLOUT_IN_PROGRESS
    assert [change.path for change in blocked.changes] == ["targets"]


def test_an_action_waits_for_a_dependency_that_is_broken():
    base = ResourceId("toy", "a")
    desired = declared(toy("a"), toy("b", depends_on=frozenset({base})))

    plan = diff(desired, seen(a=Present(ToyState(broken=True)), b=Absent()), KINDS)

    assert [action.waits_for for action in plan.actions] == [(base,)]


@pytest.mark.parametrize(
    ("spec", "held"),
    [
        pytest.param(WIDE, True, id="what replaces what runs is held back"),
        pytest.param(ToySpec(ttl=5), False, id="what does not is done"),
    ],
)
def test_what_is_built_on_something_rejected_stays_as_it_is(spec, held):
    base = ResourceId("toy", "a")
    desired = declared(toy("a", WIDE), toy("b", spec, depends_on=frozenset({base})))
    there = {"a": Present(ToyState(rejected=True)), "b": Present(ToyState())}

    plan = diff(desired, seen(**there), KINDS)

    waiting = {b.target.name: b.hold for b in plan.blocked}
    assert waiting["a"] is Hold.REVISION_REJECTED
    assert waiting.get("b") is (Hold.DEPENDENCY_NOT_READY if held else None)


def guarded(resource, limits=None, **observations) -> Plan:
    desired, observed = declared(resource), seen(**observations)
    return guard(
        diff(desired, observed, KINDS), desired, observed, limits or SafetyLimits()
    )


def test_a_suspended_resource_is_left_alone_and_says_who_why_and_until_when():
    suspend = Suspension("ada", "migration", NOON + timedelta(hours=1))

    plan = guarded(toy("a", suspend=suspend), a=Absent())

    (blocked,) = plan.blocked
    assert (blocked.hold, blocked.message) == (
        Hold.SUSPENDED,
        "Suspended by ada until 2026-01-01T13:00:00Z: migration",
    )


def test_a_suspension_ends_by_itself():
    plan = guarded(toy("a", suspend=Suspension("ada", "migration", NOON)), a=Absent())

    assert [action.verb for action in plan.actions] == [Verb.CREATE]


def test_in_mode_suggest_an_action_becomes_advice():
    plan = guarded(toy("a", mode=Mode.SUGGEST), a=Absent())

    assert (plan.actions, len(plan.advice)) == ((), 1)


def test_in_mode_observe_a_difference_is_held_back_and_named():
    plan = guarded(toy("a", WIDE, mode=Mode.OBSERVE), a=Present(ToyState()))

    (blocked,) = plan.blocked
    assert blocked.hold is Hold.OBSERVE_ONLY
    assert [change.path for change in blocked.changes] == ["targets"]


def test_no_more_than_a_fifth_of_a_kind_is_deleted_at_once():
    owned = {f"t{i}": Present(ToyState()) for i in range(10)}
    ids = frozenset(ResourceId("toy", name) for name in owned)
    limits = SafetyLimits(max_disruptive_actions=99, prune=True, seen_undeclared=ids)
    observed = seen(**owned)

    three_gone = declared(*(toy(f"t{i}") for i in range(3, 10)))
    two_gone = declared(*(toy(f"t{i}") for i in range(2, 10)))

    assert deletions(three_gone, observed, limits) == []
    assert deletions(two_gone, observed, limits) == ["toy/t1", "toy/t0"]


def deletions(desired, observed, limits) -> list[str]:
    plan = guard(diff(desired, observed, KINDS), desired, observed, limits)
    return [str(action.target) for action in plan.actions]


def test_a_document_that_declares_nothing_deletes_nothing():
    a = ResourceId("toy", "a")
    observed = seen(a=Present(ToyState(), Ownership.MANAGED))
    limits = SafetyLimits(9, prune=True, seen_undeclared=frozenset({a}))

    plan = guard(diff({}, observed, KINDS), {}, observed, limits)

    (blocked,) = plan.blocked
    assert (plan.actions, blocked.hold) == ((), Hold.PRUNE_BLOCKED)
    assert "declares no resources" in blocked.message


def test_an_undeclared_resource_is_advice_where_pruning_is_off():
    plan = guarded(toy("a"), a=Present(ToyState()), b=Present(ToyState()))

    assert [str(advice.target) for advice in plan.advice] == ["toy/b"]


def test_equal_plans_have_equal_fingerprints_and_other_plans_others():
    create = Plan((Action(ResourceId("toy", "a"), Verb.CREATE, Reason.MISSING),))
    delete = Plan((Action(ResourceId("toy", "a"), Verb.DELETE, Reason.MISSING),))

    assert create.fingerprint == Plan(create.actions).fingerprint
    assert create.fingerprint != delete.fingerprint


def test_an_old_stamp_on_what_is_as_declared_is_written_anew():
    stamped = seen(a=Present(ToyState(), applied="v1:before"))

    (action,) = diff(declared(toy("a")), stamped, KINDS).actions

    assert (action.verb, action.reason) == (Verb.UPDATE, Reason.CHANGED)
    assert not action.disruptive


FROZEN = SafetyLimits(freezes=(Freeze("holidays"),))


def frozen(resource, **observations) -> Plan:
    desired, observed = declared(resource), seen(**observations)
    return guard(diff(desired, observed, KINDS), desired, observed, FROZEN)


def test_nothing_that_runs_is_replaced_in_a_freeze():
    plan = frozen(toy("a", WIDE), a=Present(ToyState()))

    (blocked,) = plan.blocked
    assert (blocked.hold, plan.actions) == (Hold.CHANGE_FREEZE, ())
    assert "holidays" in blocked.message


def test_what_is_missing_is_made_in_a_freeze():
    assert [a.verb for a in frozen(toy("a"), a=Absent()).actions] == [Verb.CREATE]


def own_and_other(own_state, other_state, *, in_flight=0) -> Plan:
    """Return the plan for two toys, of which ``a`` is the one that we run as."""
    desired = declared(toy("a", WIDE), toy("b", WIDE))
    observed = seen(a=Present(own_state), b=Present(other_state))
    limits = SafetyLimits(9, own=ResourceId("toy", "a"), in_flight=in_flight)
    return guard(diff(desired, observed, KINDS), desired, observed, limits)


def test_the_service_that_we_run_as_is_changed_after_all_others():
    done = ToyState(targets=WIDE.targets)

    first = own_and_other(ToyState(), ToyState())
    meanwhile = own_and_other(ToyState(), done, in_flight=1)
    last = own_and_other(ToyState(), done)

    assert [str(a.target) for a in first.actions] == ["toy/b"]
    assert [b.hold for b in first.blocked] == [Hold.SELF_UPDATE_DEFERRED]
    assert [b.hold for b in meanwhile.blocked] == [Hold.SELF_UPDATE_DEFERRED]
    assert [str(a.target) for a in last.actions] == ["toy/a"]


def test_the_controller_never_removes_itself():
    a = ResourceId("toy", "a")
    desired = declared(toy("b"))
    observed = seen(a=Present(ToyState(), Ownership.MANAGED), b=Present(ToyState()))
    limits = SafetyLimits(9, prune=True, own=a, seen_undeclared=frozenset({a}))

    plan = guard(diff(desired, observed, KINDS), desired, observed, limits)

    assert plan.actions == ()
    assert [str(advice.target) for advice in plan.advice] == ["toy/a"]
