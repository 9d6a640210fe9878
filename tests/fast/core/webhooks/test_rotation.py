"""Stages of a rotation, and the secrets that sign in each of them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.core.document.reference import SecretReference
from controller.core.errors import RefusedError
from controller.core.webhooks.answers import Answered, Unanswered
from controller.core.webhooks.rotation import (
    MOST_REFUSALS,
    RotationStage,
    SecretRotation,
    after_canary,
    due_stage,
    next_stage,
    rotated_reference,
    signing_secrets,
    versioned,
)
from tests.fakes.stopped_clock import NOON

SECRET = SecretReference(secretsmanager="hokusai/site:key")
OTHER = SecretReference(env="OTHER")
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


def rotation(stage=RotationStage.STAGED, **changes):
    begun = SecretRotation("site", str(SECRET), stage, "old", "new", NOON)
    return replace(begun, **changes)


def promoted(**changes):
    return rotation(RotationStage.PROMOTED, promoted=NOON, **changes)


def signers(found, now=NOON):
    return [str(one.reference) for one in signing_secrets((SECRET, OTHER), found, now)]


BOTH = [
    "secretsmanager:hokusai/site:key",
    "secretsmanager:hokusai/site:key::new",
    "secretsmanager:hokusai/site:key::old",
    "env:OTHER",
]
DECLARED = ["secretsmanager:hokusai/site:key", "env:OTHER"]


@pytest.mark.parametrize(
    "stage", [s for s in RotationStage if s not in {"retired", "cancelled"}]
)
def test_both_versions_sign_while_a_rotation_is_open(stage):
    assert signers(rotation(stage)) == BOTH


@pytest.mark.parametrize("stage", ["retired", "cancelled"])
def test_only_declared_secrets_sign_after_a_rotation(stage):
    assert signers(rotation(RotationStage(stage))) == DECLARED


def test_the_previous_version_signs_until_the_grace_period_ends():
    found = promoted(grace=HOUR)

    assert signers(found, NOON + HOUR - timedelta(seconds=1)) == BOTH
    assert signers(found, NOON + HOUR) == DECLARED


def test_a_rotation_of_another_secret_signs_nothing():
    assert signers(rotation(secret="secretsmanager:other")) == DECLARED


def test_requests_are_sent_without_a_version_that_is_gone():
    required = [one.is_required for one in signing_secrets((SECRET,), rotation(), NOON)]

    assert required == [True, False, False]


def test_a_version_of_a_secret_in_json_keeps_its_key():
    assert versioned(SECRET, "v7").secret == ("hokusai/site", "key", "", "v7")


@pytest.mark.parametrize(
    ("reference", "problem"),
    [
        (SecretReference(env="KEY"), "only secrets in Secrets Manager"),
        (SecretReference(ssm="/a/b"), "only secrets in Secrets Manager"),
        (SecretReference(secretsmanager="a::AWSCURRENT"), "names a fixed version"),
        (SecretReference(secretsmanager="a:::v1"), "names a fixed version"),
    ],
    ids=str,
)
def test_a_secret_without_labels_to_move_is_refused(reference, problem):
    with pytest.raises(RefusedError, match=problem):
        rotated_reference((reference,))


@pytest.mark.parametrize(
    ("stage", "following"),
    [
        ("staged", "canary"),
        ("canary", "promoted"),
        ("promoting", "promoted"),
        ("promoted", "retired"),
        ("reverting", "staged"),
        ("retired", "staged"),
        ("cancelled", "staged"),
    ],
)
def test_stages_follow_each_other(stage, following):
    assert next_stage(rotation(RotationStage(stage)), str(SECRET)) == following


def test_an_accepted_canary_is_recorded():
    after = after_canary(rotation(), Answered(204), NOON)

    assert (after.stage, after.problem) == (RotationStage.CANARY, "")


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_canary_stays_staged_with_the_reason(status):
    after = after_canary(rotation(RotationStage.CANARY), Answered(status), NOON)

    assert after.stage is RotationStage.STAGED
    assert f"answered {status}" in after.problem


@pytest.mark.parametrize(
    "answer",
    [Answered(500), Answered(429), Answered(404), Unanswered("refused")],
    ids=str,
)
def test_an_answer_about_something_else_proves_nothing(answer):
    assert after_canary(rotation(), answer, NOON) is None


def test_refusals_within_ten_minutes_take_a_promotion_back():
    found, accepted = promoted(refusals=MOST_REFUSALS), NOON + MINUTE

    assert due_stage(found, accepted, NOON + 10 * MINUTE) is RotationStage.STAGED
    assert due_stage(found, accepted, NOON + 11 * MINUTE) is None


def test_later_refusals_count_if_nothing_was_accepted_since():
    found = promoted(refusals=MOST_REFUSALS)

    assert due_stage(found, None, NOON + 5 * HOUR) is RotationStage.STAGED
    assert due_stage(found, NOON - MINUTE, NOON + 5 * HOUR) is RotationStage.STAGED


def test_fewer_refusals_take_nothing_back():
    assert due_stage(promoted(refusals=MOST_REFUSALS - 1), None, NOON) is None


def test_the_old_secret_is_retired_after_the_grace_period():
    found = promoted(grace=DAY, refusals=MOST_REFUSALS)

    assert due_stage(found, None, NOON + DAY) is RotationStage.RETIRED


@pytest.mark.parametrize(
    ("stage", "completed"), [("promoting", "promoted"), ("reverting", "staged")]
)
def test_an_interrupted_move_is_completed_after_half_a_minute(stage, completed):
    found = rotation(RotationStage(stage))

    assert due_stage(found, None, NOON + timedelta(seconds=29)) is None
    assert due_stage(found, None, NOON + timedelta(seconds=30)) == completed


def test_a_move_that_a_fast_clock_recorded_is_completed():
    found = rotation(RotationStage.PROMOTING)

    assert due_stage(found, None, NOON - HOUR) is RotationStage.PROMOTED


@pytest.mark.parametrize("stage", ["staged", "canary", "retired", "cancelled"])
def test_the_controller_promotes_nothing_by_itself(stage):
    assert due_stage(rotation(RotationStage(stage)), None, NOON + 9 * DAY) is None


def test_without_a_rotation_nothing_is_due():
    assert due_stage(None, None, NOON) is None
