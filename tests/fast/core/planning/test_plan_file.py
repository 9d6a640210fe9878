"""When a saved plan still holds, and what it says when it does not."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from controller.core.document.resource import ResourceId
from controller.core.planning.plan_file import (
    FilledField,
    Origin,
    fields_hash,
    fingerprint,
    is_unchanged,
    origin_mismatches,
    plan_mismatches,
    saved_plan,
)
from controller.core.resources.plan import (
    Action,
    Advice,
    Blocked,
    Change,
    Effect,
    Hold,
    Plan,
    Reason,
    Verb,
)
from tests.fakes.toy import TOY

A = ResourceId("toy", "a")
KINDS = {"toy": replace(TOY, volatile_paths=frozenset({"count"}))}
CPU = Change("cpu", 256, 512, Effect.RESTART)
COUNT = Change("count", 1, 2)
UPDATE = Action(A, Verb.UPDATE, Reason.DRIFTED, (CPU, COUNT), generation="v1:a")
ORIGIN = Origin(datetime(2026, 1, 1, tzinfo=UTC), "me@here", "development", "v1:d")
PLAN = saved_plan(Plan((UPDATE,)), ORIGIN)


def told(*actions, **others):
    return [
        str(found) for found in plan_mismatches(PLAN, Plan(actions, **others), KINDS)
    ]


def test_a_plan_holds_as_long_as_the_same_would_be_done():
    assert told(UPDATE) == []
    assert is_unchanged(UPDATE, PLAN.actions[0], KINDS)


def test_a_count_that_others_settle_may_move():
    later = replace(UPDATE, changes=(CPU, replace(COUNT, before=7)))

    assert told(later) == []
    assert is_unchanged(later, PLAN.actions[0], KINDS)


@pytest.mark.parametrize(
    ("later", "sentence"),
    [
        pytest.param(
            replace(UPDATE, changes=(replace(CPU, before=1024), COUNT)),
            "toy/a: cpu was 256 when planned and is 1024",
            id="a field moved",
        ),
        pytest.param(
            replace(UPDATE, changes=(COUNT,)),
            "toy/a: cpu differed when planned and is now in sync",
            id="a field was settled",
        ),
        pytest.param(
            replace(UPDATE, changes=(CPU, COUNT, Change("ttl", 9, 1))),
            "toy/a: ttl was in sync when planned and now differs",
            id="another field moved",
        ),
        pytest.param(
            replace(UPDATE, generation="v1:b"),
            "toy/a: its declaration has changed",
            id="the declaration moved",
        ),
        pytest.param(
            replace(UPDATE, verb=Verb.CREATE, changes=()),
            "toy/a: the plan was to update it; the action is now to create it",
            id="it is gone",
        ),
    ],
)
def test_what_moved_is_named(later, sentence):
    assert told(later) == [sentence]
    assert not is_unchanged(later, PLAN.actions[0], KINDS)


@pytest.mark.parametrize(
    ("others", "sentence"),
    [
        ({}, "toy/a: no action is needed any more"),
        ({"blocked": (Blocked(A, Hold.UNKNOWN, "No answer."),)}, "toy/a: No answer"),
        (
            {"advice": (Advice(A, Reason.NOT_MANAGED, "It is not ours."),)},
            "toy/a: It is not ours",
        ),
    ],
)
def test_an_action_that_is_gone_says_why(others, sentence):
    assert told(**others) == [sentence]


def test_what_else_there_is_to_do_does_not_matter():
    other = replace(UPDATE, target=ResourceId("toy", "b"))

    assert told(UPDATE, other) == []


def test_the_document_and_its_fills_must_be_as_they_were():
    filled = replace(
        ORIGIN, fills=(FilledField("platform.region", "R", "e", "us-east-1"),)
    )
    elsewhere = replace(
        ORIGIN,
        document="v1:e",
        fills=(FilledField("platform.region", "R", "e", "eu-west-1"),),
    )

    assert list(origin_mismatches(filled, filled)) == []
    assert list(origin_mismatches(filled, elsewhere)) == [
        "the document has changed: v1:d when planned, v1:e now",
        "platform.region was filled with another value when planned",
    ]
    assert list(origin_mismatches(ORIGIN, replace(ORIGIN, environment="staging"))) == [
        "the plan is for development, not staging"
    ]


def test_who_made_it_and_when_is_no_part_of_what_it_does():
    later = replace(
        ORIGIN, created_by="you", created_at=datetime(2027, 1, 1, tzinfo=UTC)
    )

    assert fingerprint(PLAN) == fingerprint(saved_plan(Plan((UPDATE,)), later))
    assert fingerprint(PLAN) != fingerprint(saved_plan(Plan(), later))


def test_the_hash_of_the_fields_says_nothing_of_what_is_not_bound():
    seven = saved_plan(
        Plan((replace(UPDATE, changes=(replace(COUNT, before=7),)),)), ORIGIN
    )
    one = saved_plan(Plan((replace(UPDATE, changes=(COUNT,)),)), ORIGIN)

    assert fields_hash(seven.actions[0], KINDS) == fields_hash(one.actions[0], KINDS)
