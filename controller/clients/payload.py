"""Schemas of webhook payloads, and their check before sending.

The files below ``schemas/webhooks`` are generated from these schemas.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, NoReturn

from controller.core.errors import PermanentError
from controller.core.webhooks.event import MODEL_REGISTERED, WebhookEvent

_UUID = "^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
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

# By file name below `schemas/webhooks`.
SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    f"{MODEL_REGISTERED}.v1.schema.json": _MODEL_REGISTERED
}


def check(event: WebhookEvent) -> None:
    """Check the payload of ``event`` against its schema.

    Raises:
        PermanentError: The payload does not match; the message names the field.
    """
    try:
        payload = json.loads(event.body, parse_constant=_refuse_constant)
    except ValueError as error:
        _raise_mismatch(event, f"it is not JSON: {error}")
    problem = min(
        _validator(event.type).iter_errors(payload), key=lambda e: e.path, default=None
    )
    if problem is not None:
        _raise_mismatch(event, f"{problem.json_path}: {problem.message}")


@cache
def _validator(event_type: str) -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(SCHEMAS[f"{event_type}.v1.schema.json"])


def _refuse_constant(constant: str) -> NoReturn:
    msg = f"{constant} is not a number in JSON"
    raise ValueError(msg)


def _raise_mismatch(event: WebhookEvent, cause: str) -> NoReturn:
    model = f"{event.identity.model}/{event.identity.number}"
    msg = f"{event.type} of {model} does not match its schema: {cause}"
    raise PermanentError(msg)
