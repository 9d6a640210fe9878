"""A target's own body is the value of its expression, or a clear reason."""

import json

import pytest

from controller.core.webhooks.body_expression import (
    UNDERIVED,
    BodyError,
    derived_body,
    with_derived_body,
)
from controller.core.webhooks.event import VersionIdentity, WebhookEvent

PAYLOAD = (
    '{"resource":"service/api","message":"größer als 1","numbers":[1,2.5]}'.encode()
)
EVENT = WebhookEvent(
    "id-1", "service.degraded", VersionIdentity("r", "service/api", 0, 1), PAYLOAD
)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        (
            "{text: join(': ', [resource, message])}",
            {"text": "service/api: größer als 1"},
        ),
        ("numbers", [1, 2.5]),
        ("numbers[1]", 2.5),
        ("message", "größer als 1"),
        ("`false`", False),
    ],
)
def test_the_body_is_the_value_as_compact_json(expression, value):
    body = derived_body(expression, PAYLOAD)

    assert json.loads(body) == value
    assert b": " not in body.replace("api: größer".encode(), b"")


def test_without_an_expression_the_body_is_the_payload():
    assert derived_body("", PAYLOAD) is PAYLOAD


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("details.alias", "has the value null"),
        ("join(', ', numbers)", "failed"),
        ("unknown(message)", "failed"),
        ("&message", "is not JSON"),
        ("to_number('nan')", "is not JSON"),
        ("floor(to_number('inf'))", "failed"),
        ("ceil(to_number('nan'))", "failed"),
        ("numbers[::0]", "failed"),
        ('`"\\ud800"`', "is not JSON"),
    ],
)
def test_an_expression_without_a_value_says_why(expression, problem):
    with pytest.raises(BodyError, match=problem):
        derived_body(expression, PAYLOAD)


def test_a_failed_expression_leaves_an_empty_body_and_keeps_the_event():
    event = with_derived_body(EVENT, "ops", "details.alias")

    assert event.body == PAYLOAD
    assert (event.profile, event.bodies[-1].body) == ("target:ops", UNDERIVED)


def test_an_event_for_a_target_without_an_expression_is_the_same():
    assert with_derived_body(EVENT, "ops", "") is EVENT
