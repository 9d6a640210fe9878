"""Disagreement of DNS, Cloud Map and ECS about the addresses of a service."""

from dataclasses import replace

import pytest

from controller.core.dns.agreement import (
    AddressSides,
    Disagreement,
    DisagreementReason,
    confirmed,
    disagreements,
)

A, B = "10.0.0.1", "10.0.0.2"
HOST = "mlflow.hokusai-development.local"
AGREED = AddressSides(HOST, frozenset({A}), HOST, frozenset({A}), frozenset({A}))


def told(**sides):
    return [
        (found.reason.value, found.addresses or found.found)
        for found in disagreements(replace(AGREED, **sides))
    ]


def test_three_equal_sides_agree():
    assert told() == []


def test_the_case_of_a_name_and_its_last_dot_make_no_difference():
    assert told(host=HOST.upper() + ".") == []


@pytest.mark.parametrize(
    ("sides", "expected"),
    [
        ({"registered_name": ""}, ("NoRegistry", "")),
        (
            {"registered_name": "mlflow.hokusai.local"},
            ("WrongNamespace", "mlflow.hokusai.local"),
        ),
        (
            {"registered_name": "tracking.hokusai-development.local"},
            ("WrongName", "tracking.hokusai-development.local"),
        ),
        ({"dns": frozenset({A, B})}, ("StaleRecord", (B,))),
        (
            {"dns": frozenset({A, B}), "instances": frozenset({A, B})},
            ("DeadTask", (B,)),
        ),
        ({"tasks": frozenset({A, B})}, ("MissingRegistration", (B,))),
        ({"dns": frozenset()}, ("MissingRecord", (A,))),
        (
            {"dns": frozenset(), "instances": frozenset(), "tasks": frozenset()},
            ("NoRunningTask", ""),
        ),
    ],
)
def test_each_disagreement_has_a_reason_of_its_own(sides, expected):
    assert told(**sides) == [expected]


def test_a_task_that_moved_is_a_dead_task_and_a_missing_registration():
    assert told(tasks=frozenset({B})) == [
        ("DeadTask", (A,)),
        ("MissingRegistration", (B,)),
    ]


def test_dns_that_returns_a_part_of_many_instances_agrees():
    both = frozenset({A, B})

    assert told(instances=both, tasks=both) == []


def test_a_silent_dns_is_no_disagreement():
    assert told(dns=None) == []


STALE = Disagreement(DisagreementReason.STALE_RECORD, (B,))
OTHER = Disagreement(DisagreementReason.DEAD_TASK, (A,))


@pytest.mark.parametrize(
    ("before", "now", "at_once", "expected"),
    [
        ((), (STALE,), False, None),
        ((), (STALE,), True, STALE),
        ((STALE,), (STALE,), False, STALE),
        ((STALE,), (OTHER, STALE), False, STALE),
        ((STALE,), (), True, None),
    ],
)
def test_two_reads_must_agree_unless_the_address_is_dead(
    before, now, at_once, expected
):
    assert confirmed(before, now, at_once=at_once) == expected
