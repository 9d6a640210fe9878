"""Which registrations must still be told, and in which words."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from controller.core.models.model_id import model_id_of
from controller.core.models.registration import ModelVersion
from controller.core.webhooks.event import (
    WebhookEvent,
    event_id,
    identity_of,
    model_registered,
    rfc3339,
    unannounced,
)

CREATED = datetime(2026, 1, 2, 12, tzinfo=UTC)
CREATED_MS = int(CREATED.timestamp() * 1000)
MODEL_TAGS = {
    "hokusai_token_id": "LSCOR",
    "benchmark_metric": "accuracy",
    "benchmark_value": "0.65",
}
VERSION = ModelVersion(
    "Sales Lead Scoring",
    4,
    "models:/m-1",
    run_id="r1",
    created_ms=CREATED_MS,
    tags={"team": "growth"},
)


def missing(*versions, announced=frozenset(), baseline=None):
    return unannounced("mlflow", versions, announced, baseline)


def payload(event: WebhookEvent):
    return json.loads(event.body)


def test_what_was_not_announced_is_missing_oldest_first():
    newer = replace(VERSION, number=5, created_ms=CREATED_MS + 1)

    assert missing(newer, VERSION) == (VERSION, newer)


def test_what_was_announced_is_not_missing():
    assert missing(VERSION, announced={identity_of("mlflow", VERSION)}) == ()


@pytest.mark.parametrize(
    "version",
    [
        replace(VERSION, status="PENDING_REGISTRATION"),
        replace(VERSION, tags={"hokusai.ai/duplicate-of": "3"}),
    ],
    ids=["not ready", "duplicate"],
)
def test_what_is_not_ready_or_a_duplicate_is_never_announced(version):
    assert missing(version) == ()


def test_the_baseline_counts_from_its_own_moment():
    assert missing(VERSION, baseline=CREATED) == (VERSION,)
    assert missing(VERSION, baseline=CREATED + timedelta(seconds=1)) == ()


def test_a_version_of_a_model_made_anew_is_another_one():
    again = replace(VERSION, created_ms=CREATED_MS + 5)

    assert missing(again, announced={identity_of("mlflow", VERSION)}) == (again,)
    assert event_id(identity_of("mlflow", again), "model.registered") != event_id(
        identity_of("mlflow", VERSION), "model.registered"
    )


def test_the_payload_has_the_agreed_fields():
    event = model_registered("mlflow", VERSION, MODEL_TAGS)

    assert payload(event) == {
        "model_id": "sales-lead-scoring",
        "idempotency_key": event.id,
        "registered_version": "4",
        "timestamp": "2026-01-02T12:00:00.000Z",
        "token_symbol": "LSCOR",
        "baseline_metrics": {"accuracy": 0.65},
        "metadata": {
            "model_name": "Sales Lead Scoring",
            "mlflow_run_id": "r1",
            "tags": {"team": "growth"},
        },
        "event_type": "model.registered",
        "schema_version": "1",
    }


def test_the_bytes_are_the_same_every_time():
    shuffled = replace(VERSION, tags={"b": "2", "a": "1"})
    ordered = replace(VERSION, tags={"a": "1", "b": "2"})

    assert model_registered("mlflow", shuffled, {}) == model_registered(
        "mlflow", ordered, {}
    )


def test_letters_beyond_ascii_are_sent_as_they_are():
    event = model_registered("mlflow", replace(VERSION, model="北斎"), {})

    assert "北斎".encode() in event.body
    assert payload(event)["model_id"] == "北斎"


def test_a_tag_of_the_version_wins_over_the_models():
    version = replace(VERSION, tags={"hokusai.ai/model-id": "lead"})

    event = model_registered("mlflow", version, {"hokusai.ai/model-id": "other"})

    assert payload(event)["model_id"] == "lead"


def test_a_baseline_that_is_no_number_is_left_out():
    tags = {**MODEL_TAGS, "benchmark_value": "high"}

    assert payload(model_registered("mlflow", VERSION, tags))["baseline_metrics"] == {}


@pytest.mark.parametrize(
    ("name", "id_"),
    [("Sales Lead Scoring", "sales-lead-scoring"), ("a__B", "a-b"), ("!!", "model")],
)
def test_a_model_id_is_lower_case_words_with_hyphens(name, id_):
    assert model_id_of(name) == id_


def test_times_are_utc_with_milliseconds():
    assert rfc3339(CREATED_MS + 7) == "2026-01-02T12:00:00.007Z"


@pytest.mark.parametrize("baseline", ["nan", "inf", "high", ""])
def test_a_baseline_that_json_cannot_say_is_left_out(baseline):
    tags = {"benchmark_metric": "accuracy", "benchmark_value": baseline}
    version = ModelVersion("leads", 1, "s3://b/x", created_ms=1, tags=tags)

    event = model_registered("mlflow", version, {})

    assert json.loads(event.body)["baseline_metrics"] == {}
