"""Fields that a filter of a webhook target reads."""

import json
from datetime import UTC, datetime

import pytest

from controller.core.document.resource import ResourceId
from controller.core.models.registration import ModelVersion
from controller.core.webhooks.event import model_registered
from controller.core.webhooks.resource_event import (
    DEGRADED,
    ResourceEvent,
    webhook_event,
)
from controller.core.webhooks.subscription import (
    PAYLOAD_FIELDS,
    REGISTRATION_FIELDS,
    unknown_field,
)
from controller.kinds.webhook import KIND
from controller.kinds.webhook.spec import WebhookSpec

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_the_known_fields_are_those_of_the_payload():
    found = ResourceEvent(DEGRADED, ResourceId("service", "api"), NOON, "g", "R", "m.")

    payload = json.loads(webhook_event("hokusai/local", found).body)

    assert tuple(payload) == PAYLOAD_FIELDS


def test_the_known_fields_of_a_registration_are_those_of_the_payload():
    version = ModelVersion("lead", 4, "models:/m-1", created_ms=1_767_355_200_000)

    payload = json.loads(model_registered("mlflow", version, {}).body)

    assert set(payload) == set(REGISTRATION_FIELDS)


@pytest.mark.parametrize(
    ("events", "body", "expected"),
    [
        (["service.degraded"], "{text: join(': ', [resource, message])}", []),
        (
            ["service.degraded"],
            "{text: join(': ', [resource, mesage])}",
            [("mesage", "did you mean message?")],
        ),
        (["model.registered"], "{m: model_id, n: metadata.model_name}", []),
        (
            ["model.registered"],
            "{m: model_id, r: resource}",
            [("resource", "the fields are model_id, idempotency_key")],
        ),
        (["model.registered", "service.degraded"], "{m: model_id, r: resource}", []),
    ],
    ids=str,
)
def test_a_field_in_a_body_that_no_event_has_is_a_warning(events, body, expected):
    spec = WebhookSpec(
        url="https://hokus.ai/hook",
        secrets=[{"env": "SITE_SECRET"}],
        events=events,
        body=body,
    )

    found = list(KIND.warnings({ResourceId("webhook", "site"): spec}))

    assert [one.path for one in found] == [("body",) for _ in expected]
    for one, (name, hint) in zip(found, expected, strict=True):
        assert f"names the field {name}," in one.problem
        assert one.hint.startswith(hint)


@pytest.mark.parametrize(
    "expression",
    [
        "name == 'api' || kind == 'endpoint'",
        "details.alias == 'production'",
        "details.anything.below",
        "contains(message, 'nmae')",
        "starts_with(name, 'a') && !(kind == `\"model\"`)",
        "[kind, name]",
        "{a: kind}.a == 'service'",
        "details | alias",
        "details[?alias == 'a']",
        "keys(details)[0]",
        "@.kind == 'service'",
        "sort_by(details.list, &value)",
        "`true`",
    ],
)
def test_fields_of_the_payload_are_known(expression):
    assert unknown_field(expression) == ""


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("nmae == 'api'", "nmae"),
        ("kind == 'service' && nmae == 'api'", "nmae"),
        ("detail.alias == 'a'", "detail"),
        ("!(status == 'x')", "status"),
        ("contains(text, 'a')", "text"),
        ("model | name", "model"),
        ("models[?name == 'a']", "models"),
        ("list[0]", "list"),
        ("list[*].name", "list"),
    ],
)
def test_a_field_that_no_payload_has_is_named(expression, name):
    assert unknown_field(expression) == name
