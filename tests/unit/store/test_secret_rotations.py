"""Rotations in the store: one writer, and refused deliveries after a promotion."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.core.webhooks.answers import Answered
from controller.core.webhooks.rotation import RotationStage, SecretRotation
from controller.store.secret_rotations import StoredRotations
from tests.builders.outbox import DURATION, LEASE, event, failed, one
from tests.fakes.stopped_clock import NOON

PROMOTED = NOON - timedelta(seconds=1)
BEGUN = SecretRotation(
    "site",
    "secretsmanager:hokusai/site",
    RotationStage.PROMOTED,
    "old",
    "new",
    NOON,
    PROMOTED,
    timedelta(hours=2),
    moves=1,
    problem="the reason",
)


@pytest.fixture
def rotations(database):
    return StoredRotations(database)


def refused(ledger, outbox, number, status=401, target="site"):
    ledger.announce(target, "webhook", [event(number)], NOON)
    delivery = one(outbox.claim("w", target, 1, LEASE))
    failed(outbox, delivery, Answered(status))
    outbox.release([delivery])


def test_a_rotation_is_returned_as_it_was_saved(rotations):
    saved = rotations.save(None, BEGUN)

    assert saved == replace(BEGUN, revision=1)
    assert rotations.all() == {"site": saved}


def test_of_two_writers_with_the_same_record_one_saves(rotations):
    found = rotations.save(None, BEGUN)
    first = found.at(RotationStage.RETIRED, NOON)

    assert rotations.save(found, first).revision == 2
    assert rotations.save(found, found.at(RotationStage.CANCELLED, NOON)) is None
    assert rotations.save(None, BEGUN) is None
    assert rotations.all()["site"].stage is RotationStage.RETIRED


@pytest.mark.parametrize(
    ("status", "counted"), [(401, 1), (403, 1), (404, 0), (500, 0)]
)
def test_only_refusals_of_the_signature_are_counted(
    rotations, ledger, outbox, status, counted
):
    rotations.save(None, BEGUN)

    refused(ledger, outbox, 1, status)

    assert rotations.all()["site"].refusals == counted


@pytest.mark.parametrize("stage", ["staged", "canary", "retired", "cancelled"])
def test_refusals_before_a_promotion_and_after_the_rotation_are_not_counted(
    rotations, ledger, outbox, stage
):
    rotations.save(None, replace(BEGUN, stage=RotationStage(stage)))

    refused(ledger, outbox, 1)

    assert rotations.all()["site"].refusals == 0


def test_refusals_of_requests_from_before_the_promotion_are_not_counted(
    rotations, ledger, outbox
):
    """They were signed by the previous secret first."""
    during = NOON - DURATION / 2
    rotations.save(None, replace(BEGUN, promoted=during))

    refused(ledger, outbox, 1)

    assert rotations.all()["site"].refusals == 0


def test_refusals_of_another_target_are_not_counted(rotations, ledger, outbox):
    rotations.save(None, BEGUN)

    refused(ledger, outbox, 1, target="mirror")

    assert rotations.all()["site"].refusals == 0


def test_a_refusal_between_read_and_write_is_not_lost(rotations, ledger, outbox):
    found = rotations.save(None, BEGUN)
    refused(ledger, outbox, 1)

    saved = rotations.save(found, found.at(RotationStage.PROMOTED, NOON, "another"))

    assert saved.refusals == 1
