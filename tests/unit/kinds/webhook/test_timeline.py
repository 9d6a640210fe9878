"""Steps of a version at a target without a recorded delivery."""

from datetime import UTC, datetime

import pytest

from controller.core.models.registration import DUPLICATE_TAG, ModelVersion
from controller.kinds.webhook.health import announced_tag
from controller.kinds.webhook.spec import WebhookSpec
from controller.kinds.webhook.state import WebhookState
from controller.kinds.webhook.timeline import timeline_at

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
NOON_MS = int(NOON.timestamp() * 1000)


def spec(**fields):
    declared = {"url": "https://hokus.ai/hook", "secrets": [{"env": "SECRET"}]}
    return WebhookSpec.model_validate({**declared, "announce": "all", **fields})


def steps(spec, **more):
    version = ModelVersion("leads", 1, "s3://b/x", **{"created_ms": NOON_MS, **more})
    state = WebhookState("site", "mlflow", NOON, (version,))
    return [step.text for step in timeline_at(spec, state, version, None)]


def test_a_target_of_other_events_has_no_part_in_a_registration():
    assert steps(spec(events=["service.degraded"])) == []


@pytest.mark.parametrize(
    ("announce", "more", "words"),
    [
        ("all", {}, "the next pass announces it"),
        ("all", {"tags": {announced_tag("site"): "id"}}, "the version's tag has"),
        ("all", {"tags": {DUPLICATE_TAG: "1"}}, "repeats another version"),
        ("all", {"status": "PENDING_REGISTRATION"}, "not ready"),
        ("from-now", {"created_ms": 1}, "it is older than 2026-01-01T12:00:00Z"),
    ],
)
def test_a_version_without_a_delivery_says_why(announce, more, words):
    (text,) = steps(spec(announce=announce), **more)

    assert words in text
