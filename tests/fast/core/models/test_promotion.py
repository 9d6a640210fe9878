"""Promotion of versions, and the record of aliases."""

import json

import pytest

from controller.core.models.alias_record import (
    ALIASES_TAG,
    AliasRecord,
    alias_records,
    alias_records_tag,
)
from controller.core.models.gates import GateResult
from controller.core.models.promotion import promotion
from controller.core.models.registration import ModelVersion

VERSIONS = tuple(ModelVersion("leads", number, "s3://m") for number in (1, 2, 3, 4))
FAILS = (
    GateResult("tags.a", "set", "set", passes=True),
    GateResult("tags.b", "none", "set", passes=False),
)


def decided(current: int | None, *good: int):
    return promotion(
        VERSIONS, current, lambda version: () if version.number in good else FAILS
    )


def test_the_newest_version_that_passes_is_promoted():
    decision = decided(1, 2, 3)

    assert decision.target == 3
    assert [(r.number, len(r.failed)) for r in decision.rejected] == [(4, 1)]


def test_an_alias_never_moves_back_because_newer_versions_fail():
    decision = decided(3, 1, 2)

    assert decision.target == 3
    assert [r.number for r in decision.rejected] == [4]


def test_nothing_is_promoted_if_no_version_passes():
    decision = decided(None)

    assert decision.target is None
    assert [r.number for r in decision.rejected] == [4, 3, 2, 1]


def test_a_rejected_version_names_only_the_gates_that_it_fails():
    (rejected,) = decided(3).rejected

    assert str(rejected) == "version 4 fails: tags.b is none, required: set"


def test_a_record_survives_its_tag():
    records = {"production": AliasRecord(3, (2, 1), "v1:abc", "ada: slow")}

    assert alias_records(alias_records_tag(records)) == records


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", "null", '{"production": 3}', '{"production": {"version": "3"}}'],
)
def test_an_unreadable_record_is_no_record(text):
    assert alias_records({ALIASES_TAG: text}) == {}


def test_a_damaged_field_does_not_hide_the_others():
    text = json.dumps({"a": {"version": 1, "earlier": "x"}, "b": 2})

    assert alias_records({ALIASES_TAG: text}) == {"a": AliasRecord(1)}


def test_a_record_keeps_earlier_versions_each_once():
    record = AliasRecord(1).moved_to(2).moved_to(3).moved_to(2).moved_to(2)

    assert record == AliasRecord(2, (3, 1))


def test_a_version_that_was_rolled_back_is_no_target_of_the_next_rollback():
    record = AliasRecord(1).moved_to(2).moved_to(3)

    back = record.rolled_back_to(2, "v1:abc", "ada: slow")

    assert back == AliasRecord(2, (1,), "v1:abc", "ada: slow")
