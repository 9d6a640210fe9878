"""The public library of Standard Webhooks verifies what the controller sends."""

import json
from base64 import b64encode
from typing import get_args

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from controller.core.webhooks.event import Profile
from tests.builders.real_deliveries import captured, registration

CURRENT = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
PREVIOUS = "whsec_ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="


@pytest.mark.parametrize("profile", get_args(Profile))
def test_every_payload_verifies_and_arrives_as_it_was_announced(profile):
    event = registration(profile=profile)

    headers, body = captured([CURRENT], event)

    sent = event.body if profile == "hokusai-v1" else event.bodies[0].body
    assert body == sent
    assert Webhook(CURRENT).verify(body, headers) == json.loads(sent)


def test_during_a_rotation_a_receiver_may_have_either_secret():
    headers, body = captured([CURRENT, PREVIOUS], registration())

    for secret in (CURRENT, PREVIOUS):
        Webhook(secret).verify(body, headers)


def test_a_plain_secret_verifies_once_it_is_written_as_base64():
    secret = "a plain secret of an earlier platform"
    headers, body = captured([secret], registration())

    Webhook("whsec_" + b64encode(secret.encode()).decode()).verify(body, headers)


@pytest.mark.parametrize("change", ["webhook-id", "webhook-timestamp", "body"])
def test_a_request_that_was_changed_does_not_verify(change):
    headers, body = captured([CURRENT], registration())
    altered = {name.lower(): value for name, value in headers.items()}
    if change == "body":
        body += b" "
    else:
        altered[change] = "1" + altered[change][1:] + "0"

    with pytest.raises(WebhookVerificationError):
        Webhook(CURRENT).verify(body, altered)
