"""What is told about a resource after a pass."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.core.document.resource import ResourceId, Suspension
from controller.core.errors import PermanentError, TransientError
from controller.core.planning.planner import diff
from controller.core.resources.condition import ConditionType as Type
from controller.core.resources.condition import Truth, UndatedCondition
from controller.core.resources.driver import Applied, Failed, Progressing, Skipped
from controller.core.resources.kind import Health, HealthLevel, HoldReason
from controller.core.resources.observation import (
    Absent,
    ObservedState,
    Ownership,
    Present,
    Unknown,
)
from controller.core.resources.plan import Hold
from controller.core.status.resource_conditions import conditions_of
from tests.fakes.toy import KINDS, NOON, ToyState, declared, seen, toy

A = ResourceId("toy", "a")


def concluded(observation, outcome=None, resource=None, before=None, kinds=KINDS):
    desired, observed = declared(resource or toy("a")), seen(a=observation)
    plan = diff(desired, observed, kinds)
    outcomes = {} if outcome is None else {A: outcome}
    return conditions_of(desired, observed, plan, outcomes, kinds, before or {})[A]


def test_ready_is_said_of_what_was_seen_as_declared_and_well():
    conditions = concluded(Present(ToyState()), Applied())

    assert conditions[Type.READY].status is Truth.TRUE
    assert conditions[Type.READY].observed_generation == "v1:g"
    assert conditions[Type.STALLED].status is Truth.FALSE


def test_an_applied_action_alone_does_not_make_it_ready():
    conditions = concluded(Absent(), Applied())

    assert conditions[Type.READY].status is Truth.FALSE


def test_what_works_badly_is_synced_but_not_ready():
    conditions = concluded(Present(ToyState(broken=True)))

    assert conditions[Type.SYNCED].status is Truth.TRUE
    assert conditions[Type.HEALTHY].status is Truth.FALSE
    assert conditions[Type.READY].reason == "Broken"


def test_every_condition_of_an_unread_dependent_names_what_it_waits_for():
    dependent = toy("b", depends_on=frozenset({A}))
    desired = declared(toy("a"), dependent)
    observed = seen(a=Absent(), b=Unknown("refused"))

    plan = diff(desired, observed, KINDS)
    found = conditions_of(desired, observed, plan, {}, KINDS, {})[dependent.id]

    messages = {type_: found[type_].message for type_ in found}
    for type_ in (Type.READY, Type.SYNCED, Type.HEALTHY):
        assert messages[type_] == "Waits for toy/a. Last result: refused."


def test_what_could_not_be_seen_is_unknown_with_the_reason():
    conditions = concluded(Unknown("MLflow did not answer"))

    assert conditions[Type.READY].status is Truth.UNKNOWN
    assert conditions[Type.READY].message == "MLflow did not answer"


@pytest.mark.parametrize(
    ("error", "stalled"),
    [
        pytest.param(PermanentError("denied"), Truth.TRUE, id="permanent"),
        pytest.param(TransientError("busy"), Truth.FALSE, id="transient"),
    ],
)
def test_a_failure_is_told_and_stalls_only_if_repeating_will_not_help(error, stalled):
    conditions = concluded(Absent(), Failed(error))

    assert conditions[Type.SYNCED].reason == "ApplyFailed"
    assert conditions[Type.SYNCED].message == str(error)
    assert conditions[Type.STALLED].status is stalled


def test_progress_is_reconciling():
    conditions = concluded(Absent(), Progressing(timedelta(seconds=1), "0 of 1 tasks"))

    assert conditions[Type.RECONCILING].status is Truth.TRUE
    assert conditions[Type.RECONCILING].message == "0 of 1 tasks"


def test_a_rollout_in_flight_is_reconciling_and_not_stalled():
    conditions = concluded(Present(ToyState(busy=True)))

    assert conditions[Type.RECONCILING].status is Truth.TRUE
    assert conditions[Type.STALLED].status is Truth.FALSE


def test_what_is_skipped_says_what_it_waits_for():
    conditions = concluded(Absent(), Skipped("waits for toy/b"))

    assert conditions[Type.READY].message == "waits for toy/b"


def test_a_resource_that_only_a_user_can_correct_is_stalled():
    def disabled(_spec, _state):
        return Health(HealthLevel.DEGRADED, "Off", "It is off.", needs_user=True)

    kinds = {"toy": replace(KINDS["toy"], health=disabled)}

    found = concluded(Present(ToyState()), kinds=kinds)[Type.STALLED]

    assert (found.status, found.reason) == (Truth.TRUE, "Off")
    assert found.message == "It is off."


def test_what_is_not_ours_is_stalled_until_a_person_decides():
    conditions = concluded(Present(ToyState(), Ownership.UNMANAGED))

    assert conditions[Type.STALLED].status is Truth.TRUE


def test_a_suspension_is_told():
    suspended = toy("a", suspend=Suspension("ada", "migration"))

    conditions = concluded(Present(ToyState()), resource=suspended)

    assert conditions[Type.SUSPENDED].status is Truth.TRUE


def test_since_when_survives_a_repeated_observation():
    first = concluded(Present(ToyState()))
    later = ObservedState({A: Present(ToyState())}, NOON + timedelta(hours=1))
    desired = declared(toy("a"))

    again = conditions_of(
        desired, later, diff(desired, later, KINDS), {}, KINDS, {A: first}
    )

    assert again[A] == first


def test_a_kind_adds_conditions_of_its_own_to_what_was_seen():
    delivering = UndatedCondition("Delivering", Truth.FALSE, "Refused", "It said 401.")
    kinds = {"toy": replace(KINDS["toy"], conditions=lambda *_: (delivering,))}

    found = concluded(Present(ToyState()), kinds=kinds)
    unseen = concluded(Unknown("nobody answered"), kinds=kinds)

    assert found["Delivering"].reason == "Refused"
    assert found["Delivering"].last_transition == NOON
    assert "Delivering" not in unseen


def test_the_current_part_of_a_message_replaces_the_earlier_one():
    def held(message):
        hold = HoldReason(Hold.REVISION_REJECTED, message)
        kinds = {"toy": replace(KINDS["toy"], hold_reason=lambda *_: hold)}
        return lambda before: concluded(Present(ToyState()), before=before, kinds=kinds)

    first = held("It was rolled back: no such file. Meanwhile: a:1 is down.")({})
    after = held("It was rolled back.")({A: first})

    assert after[Type.READY].message == "It was rolled back: no such file."
