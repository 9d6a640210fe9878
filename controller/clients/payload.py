"""Schemas of webhook payloads, and their check before sending.

The files below ``schemas/webhooks`` are generated from these schemas.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, NoReturn

from controller.core.errors import PermanentError
from controller.core.webhooks.body_expression import is_target_profile
from controller.core.webhooks.event import (
    DEFAULT_PROFILE,
    MODEL_REGISTERED,
    ProfileBody,
    WebhookEvent,
)
from controller.core.webhooks.resource_event import (
    DRIFT_DETECTED,
    PROMOTED,
    RESOURCE_EVENTS,
    ROLLED_BACK,
)

_UUID = "^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
_BASE = "https://hokus.ai/schemas/webhooks/"
_TIME = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$"

_MODEL_REGISTERED: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "https://hokus.ai/schemas/webhooks/model.registered.v1.schema.json",
    "title": "model.registered, version 1",
    "description": (
        "Sent once a model version is ready. Delivered at least once: the"
        " idempotency_key of a repeat is the same. Fields may be added."
    ),
    "type": "object",
    "required": [
        "model_id",
        "idempotency_key",
        "registered_version",
        "timestamp",
        "token_symbol",
        "baseline_metrics",
        "metadata",
        "event_type",
        "schema_version",
    ],
    "properties": {
        "model_id": {
            "description": "Identifies the model on the platform.",
            "type": "string",
            "minLength": 1,
        },
        "idempotency_key": {
            "description": "UUIDv5 of the version; equal for every repetition.",
            "type": "string",
            "pattern": _UUID,
        },
        "registered_version": {
            "description": "MLflow's number of the version.",
            "type": "string",
            "pattern": "^[1-9][0-9]*$",
        },
        "timestamp": {
            "description": "Creation time of the version, in UTC (RFC 3339).",
            "type": "string",
            "pattern": _TIME,
        },
        "token_symbol": {
            "description": "Symbol of the model's token; empty if it has none.",
            "type": "string",
        },
        "baseline_metrics": {
            "description": "The value that each metric must reach.",
            "type": "object",
            "additionalProperties": {"type": "number"},
        },
        "metadata": {
            "type": "object",
            "required": ["model_name", "mlflow_run_id", "tags"],
            "properties": {
                "model_name": {"type": "string", "minLength": 1},
                "mlflow_run_id": {
                    "description": "Empty if the version came from no run.",
                    "type": "string",
                },
                "tags": {
                    "type": "object",
                    "additionalProperties": {"type": "string"},
                },
            },
        },
        "event_type": {"const": MODEL_REGISTERED},
        "schema_version": {"const": "1"},
    },
}

_RESOURCE_FIELDS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "platform": (
        "Platform and environment, as in hokusai/production.",
        {"minLength": 1},
    ),
    "resource": ("Address of the resource, as in service/api.", {"minLength": 1}),
    "kind": ("Kind of the resource.", {"minLength": 1}),
    "name": ("Key of the resource in its section of the document.", {"minLength": 1}),
    "generation": ("Hash of the declaration that was observed.", {}),
    "reason": ("CamelCase word for programs to match.", {"minLength": 1}),
    "message": ("Sentence for people; its words may change.", {}),
    "timestamp": ("Recorded time of the transition, in UTC.", {"pattern": _TIME}),
    "idempotency_key": (
        "UUIDv5 of the transition; equal for every repetition.",
        {"pattern": _UUID},
    ),
}
_DETAILS: Mapping[str, tuple[str, ...]] = {
    DRIFT_DETECTED: ("fields",),
    PROMOTED: ("alias", "version"),
    ROLLED_BACK: ("alias", "version", "by"),
}


def _resource_schema(type_: str) -> dict[str, Any]:
    """Return the schema of an event about a resource."""
    file = f"{type_}.v1.schema.json"
    fields: dict[str, Any] = {
        name: {"description": description, "type": "string", **rules}
        for name, (description, rules) in _RESOURCE_FIELDS.items()
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"https://hokus.ai/schemas/webhooks/{file}",
        "title": f"{type_}, version 1",
        "description": (
            "Sent after the transition was recorded. Delivered at least once: the"
            " idempotency_key of a repeat is the same. Fields may be added."
        ),
        "type": "object",
        "required": [*fields, "details", "event_type", "schema_version"],
        "properties": {
            **fields,
            "details": {
                "description": "Values of this type of event.",
                "type": "object",
                "required": list(_DETAILS.get(type_, ())),
                "additionalProperties": {"type": "string"},
            },
            "event_type": {"const": type_},
            "schema_version": {"const": "1"},
        },
    }


_SITE: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": f"{_BASE}model.registered.hokusai-site.v1.schema.json",
    "title": "model.registered for the Hokusai site, version 1",
    "description": (
        "The payload profile hokusai-site. The id of the event is in the headers"
        " webhook-id and X-Hokusai-Idempotency-Key. Fields may be added to model."
    ),
    "type": "object",
    "required": ["event_type", "model", "timestamp", "source"],
    "additionalProperties": False,
    "properties": {
        "event_type": {"const": "model_registered"},
        "model": {
            "type": "object",
            "required": ["id", "name", "status", "version"],
            "properties": {
                "id": {
                    "description": (
                        "Symbol of the token in lower case; else the id of the model."
                    ),
                    "type": "string",
                    "minLength": 1,
                },
                "name": {"type": "string", "minLength": 1},
                "status": {"type": "string", "minLength": 1},
                "version": {"type": "string", "pattern": "^[1-9][0-9]*$"},
            },
            "additionalProperties": {"type": "string", "minLength": 1},
        },
        "timestamp": {"type": "string", "pattern": _TIME},
        "source": {"const": "mlflow"},
    },
}


def schema_name(event_type: str, profile: str) -> str:
    """Return the file name of the schema for an event type in a payload profile."""
    middle = "" if profile == DEFAULT_PROFILE else f".{profile}"
    return f"{event_type}{middle}.v1.schema.json"


def _cloud_event_schema(
    type_: str, data: Mapping[str, Any], source: str, subject: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the schema of an event in structured mode of CloudEvents 1.0."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{_BASE}{type_}.cloudevents.v1.schema.json",
        "title": f"{type_} as a CloudEvent, version 1",
        "description": (
            "The payload profile cloudevents: CloudEvents 1.0 in structured mode. data"
            " matches the schema that dataschema names."
        ),
        "type": "object",
        "required": ["specversion", "id", "source", "type", "time", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {"type": "string", "pattern": _UUID},
            "source": {
                "description": source,
                "type": "string",
                "pattern": "^/[^ ]+$",
            },
            "type": {"const": f"ai.hokusai.{type_}.v1"},
            "subject": {**subject, "type": "string"},
            "time": {"type": "string", "pattern": _TIME},
            "datacontenttype": {"const": "application/json"},
            "dataschema": {"const": data["$id"]},
            "data": {
                name: value for name, value in data.items() if not name.startswith("$")
            },
        },
    }


def _slack_schema(type_: str) -> dict[str, Any]:
    """Return the schema of a message for an incoming webhook of Slack."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{_BASE}{type_}.slack.v1.schema.json",
        "title": f"{type_} as a message of Slack, version 1",
        "description": "The payload profile slack: the body of an incoming webhook.",
        "type": "object",
        "required": ["text"],
        "additionalProperties": False,
        "properties": {"text": {"type": "string", "minLength": 1, "maxLength": 40000}},
    }


_VERSION_SUBJECT = {
    "description": "Name of the registered model, / and number of the version.",
    "pattern": "/[1-9][0-9]*$",
}
_RESOURCE_SUBJECT = {
    "description": "Address of the resource, as in service/api.",
    "minLength": 1,
}


def _resource_schemas(type_: str) -> dict[str, dict[str, Any]]:
    """Return the schemas of an event about a resource by profile."""
    default = _resource_schema(type_)
    source = "Platform and environment, as in /hokusai/production."
    return {
        DEFAULT_PROFILE: default,
        "cloudevents": _cloud_event_schema(type_, default, source, _RESOURCE_SUBJECT),
        "slack": _slack_schema(type_),
    }


_BY_TYPE: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    MODEL_REGISTERED: {
        DEFAULT_PROFILE: _MODEL_REGISTERED,
        "hokusai-site": _SITE,
        "cloudevents": _cloud_event_schema(
            MODEL_REGISTERED,
            _MODEL_REGISTERED,
            "The MLflow registry of the controller.",
            _VERSION_SUBJECT,
        ),
        "slack": _slack_schema(MODEL_REGISTERED),
    },
    **{type_: _resource_schemas(type_) for type_ in RESOURCE_EVENTS},
}
# By file name below `schemas/webhooks`.
SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    schema_name(type_, profile): schema
    for type_, by_profile in _BY_TYPE.items()
    for profile, schema in by_profile.items()
}


def check(event: WebhookEvent) -> None:
    """Check the payloads of ``event`` against their schemas.

    Raises:
        PermanentError: A payload does not match; the message names the field.
    """
    for profile_body in (ProfileBody(DEFAULT_PROFILE, event.body), *event.bodies):
        # The document decides the format of a target's own body.
        if not is_target_profile(profile_body.profile):
            _check_body(event, profile_body)


def _check_body(event: WebhookEvent, profile_body: ProfileBody) -> None:
    try:
        payload = json.loads(profile_body.body, parse_constant=_refuse_constant)
    except ValueError as error:
        _raise_mismatch(event, f"it is not JSON: {error}")
    validator = _validator(schema_name(event.type, profile_body.profile))
    problem = min(validator.iter_errors(payload), key=lambda e: e.path, default=None)
    if problem is not None:
        _raise_mismatch(event, f"{problem.json_path}: {problem.message}")


@cache
def _validator(name: str) -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(SCHEMAS[name])


def _refuse_constant(constant: str) -> NoReturn:
    msg = f"{constant} is not a number in JSON"
    raise ValueError(msg)


def _raise_mismatch(event: WebhookEvent, cause: str) -> NoReturn:
    model = f"{event.identity.model}/{event.identity.number}"
    msg = f"{event.type} of {model} does not match its schema: {cause}"
    raise PermanentError(msg)
