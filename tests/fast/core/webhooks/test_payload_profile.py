"""One event in the formats of different receivers."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import get_args

import pytest

from controller.core.document.resource import ResourceId
from controller.core.models.registration import ModelVersion
from controller.core.webhooks.event import (
    DEFAULT_PROFILE,
    Profile,
    ProfileBody,
    WebhookEvent,
    model_registered,
)
from controller.core.webhooks.payload_profile import (
    PROFILE_EVENTS,
    content_type,
    profile_body,
    with_profiles,
)
from controller.core.webhooks.resource_event import (
    RESOURCE_EVENTS,
    ResourceEvent,
    webhook_event,
)
from controller.core.webhooks.signature import SignatureScheme
from controller.kinds.webhook.spec import SITE_EVENTS, Payload, Signature

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
    created_ms=1_767_355_200_000,
    tags={"team": "growth", "hokusai.primary_metric": "accuracy"},
)
EVENT = model_registered("hokusai/my platform", VERSION, MODEL_TAGS)
BARE = model_registered("r", replace(VERSION, run_id="", tags={}), {})
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def about(type_, resource="service/api", message="3 of 4 tasks failed.", **details):
    """Return an event about a resource."""
    kind, _, name = resource.partition("/")
    found = ResourceEvent(
        type_, ResourceId(kind, name), NOON, "g1", "Observed", message, details
    )
    return webhook_event("hokusai/production", found)


def payload(event, profile):
    return json.loads(profile_body(event, profile))


def test_the_document_offers_every_profile_and_scheme():
    assert get_args(Payload) == get_args(Profile)
    assert get_args(Signature) == get_args(SignatureScheme)


def test_the_site_gets_the_nested_format():
    assert payload(EVENT, "hokusai-site") == {
        "event_type": "model_registered",
        "model": {
            "id": "lscor",
            "name": "Sales Lead Scoring",
            "status": "registered",
            "version": "4",
            "run_id": "r1",
            "primary_metric": "accuracy",
        },
        "timestamp": "2026-01-02T12:00:00.000Z",
        "source": "mlflow",
    }


def test_a_model_without_a_token_has_its_own_id_at_the_site():
    model = payload(BARE, "hokusai-site")["model"]

    assert model == {
        "id": "sales-lead-scoring",
        "name": "Sales Lead Scoring",
        "status": "registered",
        "version": "4",
    }


def test_a_cloud_event_carries_the_default_payload():
    event = payload(EVENT, "cloudevents")

    assert event.pop("data") == json.loads(EVENT.body)
    assert event == {
        "specversion": "1.0",
        "id": EVENT.id,
        "source": "/hokusai/my%20platform",
        "type": "ai.hokusai.model.registered.v1",
        "subject": "Sales Lead Scoring/4",
        "time": "2026-01-02T12:00:00.000Z",
        "datacontenttype": "application/json",
        "dataschema": "https://hokus.ai/schemas/webhooks/model.registered.v1.schema.json",
    }


def test_slack_gets_a_sentence():
    assert payload(EVENT, "slack") == {
        "text": "Model *Sales Lead Scoring* version 4 was registered "
        "(token LSCOR; baseline accuracy 0.65)."
    }


def test_markup_in_a_name_has_no_effect_in_slack():
    event = model_registered(
        "r", replace(VERSION, model="<!channel> & co", tags={}), {}
    )

    text = payload(event, "slack")["text"]

    assert text == "Model *&lt;!channel&gt; &amp; co* version 4 was registered."


def test_an_event_has_the_bodies_of_every_profile_of_the_document():
    event = with_profiles(EVENT, "slack", ["cloudevents", "slack", "hokusai-v1"])

    assert event.body == EVENT.body
    assert event.profile == "slack"
    assert event.bodies == tuple(
        ProfileBody(name, profile_body(EVENT, name))
        for name in ("cloudevents", "slack")
    )


def test_an_event_of_the_default_profile_has_one_body():
    assert with_profiles(EVENT, DEFAULT_PROFILE, [DEFAULT_PROFILE]) == EVENT


@pytest.mark.parametrize("profile", get_args(Profile))
def test_bodies_are_compact_utf_8_and_the_same_each_time(profile):
    event = model_registered("r", replace(VERSION, model="北斎"), MODEL_TAGS)
    body = profile_body(event, profile)

    assert "北斎" in body.decode()
    assert b'": ' not in body
    assert profile_body(event, profile) == body


def test_a_structured_cloud_event_has_its_own_media_type():
    assert content_type("cloudevents").startswith("application/cloudevents+json")
    assert content_type("slack") == "application/json"


def test_the_document_knows_which_events_the_site_receives():
    assert frozenset(SITE_EVENTS) == PROFILE_EVENTS["hokusai-site"]


@pytest.mark.parametrize("type_", RESOURCE_EVENTS)
def test_a_cloud_event_about_a_resource_carries_the_default_payload(type_):
    event = about(type_)

    found = payload(event, "cloudevents")

    assert found.pop("data") == json.loads(event.body)
    assert found == {
        "specversion": "1.0",
        "id": event.id,
        "source": "/hokusai/production",
        "type": f"ai.hokusai.{type_}.v1",
        "subject": "service/api",
        "time": "2026-01-02T12:00:00.000Z",
        "datacontenttype": "application/json",
        "dataschema": f"https://hokus.ai/schemas/webhooks/{type_}.v1.schema.json",
    }


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (
            about("service.degraded"),
            "*service/api* is degraded: 3 of 4 tasks failed. (hokusai/production)",
        ),
        (
            about("service.recovered", message="All tasks are healthy."),
            "*service/api* has recovered: All tasks are healthy. (hokusai/production)",
        ),
        (
            about("rollout.failed", message=""),
            "*service/api* has a failed rollout: Observed. (hokusai/production)",
        ),
        (
            about("endpoint.unreachable", "endpoint/mlflow", "<refused> &"),
            "*endpoint/mlflow* is unreachable: &lt;refused&gt; &amp;. (hokusai/production)",
        ),
        (
            about("model.promoted", "model/lead", "Alias a is at version 2."),
            "*model/lead* was promoted: Alias a is at version 2. (hokusai/production)",
        ),
    ],
    ids=lambda value: value.type if isinstance(value, WebhookEvent) else "",
)
def test_slack_gets_a_sentence_about_a_resource(event, text):
    assert payload(event, "slack") == {"text": text}


@pytest.mark.parametrize("type_", RESOURCE_EVENTS)
def test_slack_names_the_resource_of_every_event_once(type_):
    text = payload(about(type_), "slack")["text"]

    assert text.startswith("*service/api* ")
    assert text.count("service/api") == 1


def test_a_long_message_is_shortened_for_slack():
    text = payload(about("drift.detected", message="x" * 50_000), "slack")["text"]

    assert len(text) < 4_000
    assert text.endswith("… (hokusai/production)")


@pytest.mark.parametrize("type_", [EVENT.type, *RESOURCE_EVENTS])
@pytest.mark.parametrize("profile", get_args(Profile))
def test_no_event_has_a_body_in_a_profile_whose_receiver_does_not_know_it(
    profile, type_
):
    event = EVENT if type_ == EVENT.type else about(type_)

    made = with_profiles(event, DEFAULT_PROFILE, get_args(Profile))

    has_body = profile in {DEFAULT_PROFILE, *(body.profile for body in made.bodies)}
    assert has_body == (type_ in PROFILE_EVENTS[profile])
