"""Fields that a filter of a webhook target reads."""

import json
from datetime import UTC, datetime

import pytest

from controller.core.document.resource import ResourceId
from controller.core.webhooks.resource_event import (
    DEGRADED,
    ResourceEvent,
    webhook_event,
)
from controller.core.webhooks.subscription import PAYLOAD_FIELDS, unknown_field

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_the_known_fields_are_those_of_the_payload():
    found = ResourceEvent(DEGRADED, ResourceId("service", "api"), NOON, "g", "R", "m.")

    payload = json.loads(webhook_event("hokusai/local", found).body)

    assert tuple(payload) == PAYLOAD_FIELDS


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
