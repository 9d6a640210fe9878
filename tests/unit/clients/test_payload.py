"""Payloads match their published schemas."""

import json
from dataclasses import replace

import pytest

from controller.clients.payload import check
from controller.core.errors import PermanentError
from controller.core.models.registration import ModelVersion
from controller.core.webhooks.event import ProfileBody, model_registered
from controller.core.webhooks.payload_profile import with_profiles

VERSION = ModelVersion("lead", 4, "models:/m-1", created_ms=1_767_355_200_000)


@pytest.fixture
def event():
    return model_registered("mlflow", VERSION, {"hokusai_token_id": "LSCOR"})


def test_a_built_event_matches_its_schema(event):
    check(event)


@pytest.mark.parametrize(
    ("field", "value", "place"),
    [
        ("model_id", "", r"\$\.model_id"),
        ("registered_version", 4, r"\$\.registered_version"),
        ("timestamp", "yesterday", r"\$\.timestamp"),
        ("baseline_metrics", {"acc": "high"}, r"\$\.baseline_metrics\.acc"),
        ("metadata", {}, r"\$\.metadata"),
        ("idempotency_key", "k", r"\$\.idempotency_key"),
    ],
)
def test_a_mismatch_names_the_field_and_the_version(event, field, value, place):
    payload = json.loads(event.body) | {field: value}

    with pytest.raises(PermanentError, match=rf"lead/4 .*{place}"):
        check(replace(event, body=json.dumps(payload).encode()))


@pytest.mark.parametrize("profile", ["hokusai-site", "cloudevents", "slack"])
def test_the_payload_of_each_profile_is_checked(event, profile):
    profiled = with_profiles(event, profile, ())
    payload = json.loads(profiled.bodies[0].body)
    for field in payload:
        body = json.dumps(payload | {field: 7}).encode()
        broken = replace(profiled, bodies=(ProfileBody(profile, body),))

        with pytest.raises(PermanentError, match=rf"lead/4 .*\$\.{field}"):
            check(broken)
    check(profiled)


@pytest.mark.parametrize("body", [b"{", b'{"model_id": NaN}'])
def test_a_body_that_is_not_json_is_refused(event, body):
    with pytest.raises(PermanentError, match="it is not JSON"):
        check(replace(event, body=body))


def test_fields_may_be_added(event):
    payload = json.loads(event.body) | {"more": True}

    check(replace(event, body=json.dumps(payload).encode()))
