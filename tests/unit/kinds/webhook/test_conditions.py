"""Conditions of a webhook target."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from controller.core.resources.condition import Truth
from controller.core.resources.kind import HealthLevel
from controller.core.webhooks.breaker import Breaker
from controller.core.webhooks.records import TargetRecord
from controller.core.webhooks.rotation import RotationStage, SecretRotation
from controller.kinds.webhook import KIND
from controller.kinds.webhook.spec import WebhookSpec
from controller.kinds.webhook.state import DeliveryCounts, WebhookState

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SPEC = WebhookSpec.model_validate(
    {"url": "https://hokus.ai/hook", "secrets": [{"env": "SECRET"}]}
)
FINE = WebhookState("site", "mlflow", NOON, deliveries=DeliveryCounts(pending=2))
UNREADABLE = replace(FINE, record=TargetRecord("env:SECRET is not set: set it"))


def condition(state, type_):
    found = {one.type: one for one in KIND.conditions(SPEC, state)}
    return found[type_]


def test_a_target_has_five_conditions_of_its_own():
    assert [one.type for one in KIND.conditions(SPEC, FINE)] == [
        "Complete",
        "BreakerClosed",
        "SecretCurrent",
        "Delivering",
        "Verified",
    ]


def test_an_unreadable_secret_is_a_condition_with_its_reason_and_a_command():
    found = condition(UNREADABLE, "SecretCurrent")

    assert (found.status, found.reason) == (Truth.FALSE, "SecretUnreadable")
    assert found.message == (
        "A secret cannot be read: env:SECRET is not set: set it. Deliveries wait, and "
        "use up no attempts. "
        "To check: hokusai preflight webhook/site"
    )
    assert condition(FINE, "SecretCurrent").status is Truth.TRUE


ROTATION = SecretRotation(
    "site", "secretsmanager:s", RotationStage.STAGED, "old", "new", NOON
)


def test_cancelled_deliveries_that_are_kept_do_not_stop_the_others():
    found = condition(
        replace(FINE, record=TargetRecord(dead={"cancelled": 3})), "Delivering"
    )

    assert (found.status, found.reason) == (Truth.TRUE, "Delivering")
    assert "2 deliveries in progress; 3 deliveries cancelled." in found.message


def test_a_disabled_target_needs_a_person():
    disabled = replace(FINE, breaker=Breaker(disabled="the receiver answered 410"))
    waiting = replace(FINE, breaker=Breaker(open_until=NOON))

    assert KIND.health(SPEC, disabled).needs_user
    assert not KIND.health(SPEC, waiting).needs_user
    assert not KIND.health(SPEC, FINE).needs_user


def test_a_target_whose_secret_was_never_rotated_has_no_condition_about_it():
    assert "SecretRotated" not in [one.type for one in KIND.conditions(SPEC, FINE)]


@pytest.mark.parametrize(
    ("stage", "status", "reason", "message"),
    [
        ("staged", Truth.FALSE, "Staged", "To test the next secret: hokusai webhooks"),
        (
            "canary",
            Truth.FALSE,
            "CanaryAccepted",
            "To promote the next secret: hokusai",
        ),
        ("promoting", Truth.FALSE, "Promoting", "AWSCURRENT is being moved"),
        ("promoted", Truth.FALSE, "Promoted", "second until 2026-01-02T12:00:00Z"),
        ("retired", Truth.TRUE, "Retired", "was retired at 2026-01-01T12:00:00Z"),
    ],
)
def test_the_stage_of_a_rotation_is_a_condition(stage, status, reason, message):
    moved = ROTATION.at(RotationStage(stage), NOON)
    found = condition(
        replace(FINE, rotation=replace(moved, promoted=NOON)), "SecretRotated"
    )

    assert (found.status, found.reason) == (status, reason)
    assert message in found.message


def test_a_step_back_is_a_condition_with_its_reason():
    back = ROTATION.at(RotationStage.STAGED, NOON, "the receiver answered 401")

    found = condition(replace(FINE, rotation=back), "SecretRotated")

    assert (found.status, found.reason) == (Truth.FALSE, "SteppedBack")
    assert found.message.startswith("The receiver answered 401. ")


def test_a_due_stage_is_a_change_of_the_plan():
    due = replace(
        FINE,
        rotation=ROTATION.at(RotationStage.PROMOTED, NOON),
        rotation_due=RotationStage.RETIRED,
    )

    (change,) = KIND.compare(SPEC, due)

    assert (change.path, change.before, change.after) == (
        "secrets.rotation",
        "promoted",
        "retired",
    )


def test_a_target_with_an_unreadable_secret_is_degraded():
    health = KIND.health(SPEC, UNREADABLE)

    assert (health.level, health.reason) == (HealthLevel.DEGRADED, "SecretUnreadable")
    assert "2 deliveries waiting" in health.message


@pytest.mark.parametrize(
    ("state", "status", "reason", "message"),
    [
        (FINE, Truth.TRUE, "Delivering", "2 deliveries in progress."),
        (
            UNREADABLE,
            Truth.FALSE,
            "Paused",
            "Deliveries wait: a secret cannot be read.",
        ),
        (
            replace(FINE, breaker=Breaker(open_until=NOON)),
            Truth.FALSE,
            "Paused",
            "Deliveries wait: the circuit breaker is open.",
        ),
        (
            replace(FINE, breaker=Breaker(disabled="the receiver answered 410")),
            Truth.FALSE,
            "Paused",
            "Deliveries wait: the target is disabled.",
        ),
        (
            replace(
                FINE,
                record=TargetRecord(dead={"": 1, "refused": 2, "cancelled": 1}),
            ),
            Truth.FALSE,
            "DeliveriesFailed",
            (
                "1 delivery exhausted; 1 delivery cancelled; 2 deliveries refused. To "
                "list them: hokusai deliveries list --target site --only dead"
            ),
        ),
        (
            replace(FINE, record=TargetRecord(dead={"cancelled": 1})),
            Truth.TRUE,
            "Delivering",
            "2 deliveries in progress; 1 delivery cancelled.",
        ),
        (
            replace(
                FINE,
                breaker=Breaker(open_until=NOON),
                record=TargetRecord(dead={"parked": 3}),
            ),
            Truth.FALSE,
            "Paused",
            "Deliveries wait: the circuit breaker is open. 3 deliveries parked.",
        ),
    ],
    ids=[
        "delivering",
        "secret",
        "breaker",
        "disabled",
        "failed",
        "cancelled",
        "paused and failed",
    ],
)
def test_delivering_tells_what_is_not_sent(state, status, reason, message):
    found = condition(state, "Delivering")

    assert (found.status, found.reason, found.message) == (status, reason, message)


def test_a_target_is_verified_by_the_last_acceptance():
    verified = condition(replace(FINE, record=TargetRecord(verified=NOON)), "Verified")

    assert (verified.status, verified.reason) == (Truth.TRUE, "Accepted")
    assert verified.message == "Last accepted: 2026-01-01T12:00:00Z."
    assert condition(FINE, "Verified").status is Truth.UNKNOWN
