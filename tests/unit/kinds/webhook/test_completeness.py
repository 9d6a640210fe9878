"""The account of a target: each version, and the state of its delivery."""

from datetime import UTC, datetime, timedelta

import pytest

from controller.core.models.registration import DUPLICATE_TAG, ModelVersion
from controller.core.resources.condition import Truth
from controller.core.webhooks.delivery import DeliveryState
from controller.core.webhooks.event import identity_of
from controller.kinds.webhook import KIND
from controller.kinds.webhook.completeness import account
from controller.kinds.webhook.health import announced_tag
from controller.kinds.webhook.spec import WebhookSpec
from controller.kinds.webhook.state import WebhookState

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
NOON_MS = int(NOON.timestamp() * 1000)


def spec(announce="all"):
    declared = {"url": "https://hokus.ai/hook", "secrets": [{"env": "SECRET"}]}
    return WebhookSpec.model_validate({**declared, "announce": announce})


def version(number, **more):
    return ModelVersion("leads", number, "s3://b/x", created_ms=NOON_MS, **more)


def state(*versions, states=()):
    recorded = {
        identity_of("mlflow", v): delivery
        for v, delivery in zip(versions, states, strict=False)
        if delivery is not None
    }
    return WebhookState("site", "mlflow", NOON, versions, delivery_states=recorded)


def complete(spec, state):
    found = {condition.type: condition for condition in KIND.conditions(spec, state)}
    return found["Complete"]


def test_every_version_has_one_delivery_in_one_state():
    found = account(spec(), state(*map(version, range(1, 5)), states=[*DeliveryState]))

    assert (found.delivered, found.pending, found.dead, found.cancelled) == (1, 1, 1, 1)
    assert found.versions == 4
    assert found.missing == ()


def test_a_complete_target_says_that_nothing_is_missing():
    condition = complete(
        spec(), state(version(1), version(2), states=[DeliveryState.DELIVERED] * 2)
    )

    assert condition.status is Truth.TRUE
    assert condition.message == (
        "missing 0; 2 versions: 2 delivered, 0 in progress, 0 failed permanently."
    )


def test_a_version_without_an_event_is_missing_and_named():
    condition = complete(
        spec(), state(*map(version, range(1, 6)), states=[DeliveryState.DEAD])
    )

    assert condition.status is Truth.FALSE
    assert condition.reason == "EventsMissing"
    assert condition.message.startswith(
        "missing 4 (leads/2, leads/3, leads/4 and 1 more); 5 versions: "
    )


def test_a_version_that_only_its_tag_records_was_delivered():
    tagged = version(1, tags={announced_tag("site"): "id"})

    assert account(spec(), state(tagged)).delivered == 1


@pytest.mark.parametrize(
    "more",
    [{"status": "PENDING_REGISTRATION"}, {"tags": {DUPLICATE_TAG: "1"}}],
    ids=["not ready", "a copy"],
)
def test_what_is_not_announced_is_not_counted(more):
    assert account(spec(), state(version(1, **more))).versions == 0


def test_versions_before_the_baseline_are_not_counted():
    before = NOON - timedelta(seconds=1)
    old = ModelVersion("leads", 1, "", created_ms=int(before.timestamp() * 1000))

    found = account(spec("from-now"), state(old, version(2)))

    assert found.missing == ("leads/2",)
    assert found.since == NOON
