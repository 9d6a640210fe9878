"""The published schemas of webhook payloads are those that the program checks."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest

from controller.clients.payload import SCHEMAS, check, schema_name
from controller.core.document.resource import ResourceId
from controller.core.models.registration import ModelVersion
from controller.core.webhooks.event import (
    DEFAULT_PROFILE,
    MODEL_REGISTERED,
    Profile,
    model_registered,
    serialised,
)
from controller.core.webhooks.payload_profile import PROFILE_EVENTS, with_profiles
from controller.core.webhooks.resource_event import (
    RESOURCE_EVENTS,
    ResourceEvent,
    webhook_event,
)

PROFILES = get_args(Profile)
FILES = Path(__file__).parents[2] / "schemas" / "webhooks"
VERSION = ModelVersion("lead", 4, "models:/m-1", created_ms=1_767_355_200_000)


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_file_is_what_the_program_checks(name):
    assert json.loads((FILES / name).read_text()) == SCHEMAS[name]


EXAMPLES = [
    FILES / "examples" / f"{type_}.v1.json"
    for type_ in (MODEL_REGISTERED, "model.promoted", "service.degraded")
]
ALERT = ("service.degraded", ResourceId("service", "api"), "4c1f0e", "CrashLooping")


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.name)
def test_the_example_matches(file):
    event = model_registered("mlflow", VERSION, {"hokusai_token_id": "LSCOR"})
    body = file.read_bytes()
    type_ = json.loads(body)["event_type"]

    assert file.name == f"{type_}.v1.json"
    check(replace(event, type=type_, body=body))


@pytest.mark.parametrize("profile", [p for p in PROFILES if p != DEFAULT_PROFILE])
def test_the_example_of_each_profile_is_made_of_that_of_the_default(profile):
    event = model_registered("hokusai/development", VERSION, {})
    example = json.loads((FILES / "examples" / "model.registered.v1.json").read_text())
    found = replace(event, id=example["idempotency_key"], body=serialised(example))
    found = replace(found, identity=replace(found.identity, model="Sales Lead Scoring"))
    name = f"model.registered.{profile}.v1.json"

    made = with_profiles(found, profile, ())

    check(made)
    written = json.loads((FILES / "examples" / name).read_text())
    assert written == json.loads(made.bodies[0].body)


@pytest.mark.parametrize("profile", ["cloudevents", "slack"])
def test_the_example_of_a_resource_is_made_of_that_of_the_default(profile):
    examples = FILES / "examples"
    default = json.loads((examples / "service.degraded.v1.json").read_text())
    type_, id_, generation, reason = ALERT
    moment = datetime(2026, 1, 2, 12, tzinfo=UTC)
    about = ResourceEvent(
        type_, id_, moment, generation, reason, default["message"], default["details"]
    )
    event = webhook_event(default["platform"], about)
    event = replace(event, id=default["idempotency_key"], body=serialised(default))

    made = with_profiles(event, profile, ())

    check(made)
    written = json.loads((examples / f"{type_}.{profile}.v1.json").read_text())
    assert written == json.loads(made.bodies[0].body)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("type_", RESOURCE_EVENTS)
def test_the_bodies_of_every_event_about_a_resource_match_their_schemas(type_, profile):
    details = {"alias": "a", "version": "2", "by": "ana", "fields": "image"}
    moment = datetime(2026, 1, 2, 12, tzinfo=UTC)
    id_ = ResourceId("service", "api")
    for message in ("It failed.", "", "x" * 50_000, "<!channel> 北斎"):
        about = ResourceEvent(type_, id_, moment, "g", "Failed", message, details)

        check(with_profiles(webhook_event("hokusai/test", about), profile, ()))


def test_every_event_has_a_schema_in_every_profile_whose_receiver_knows_it():
    assert set(SCHEMAS) == {
        schema_name(type_, profile)
        for profile in PROFILES
        for type_ in PROFILE_EVENTS[profile]
    }
