"""Routes of predictions."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request, Response

from controller.api.auth.requirements import SCOPES_FIELD, SECURITY_SCHEMES
from controller.api.errors import problem
from controller.api.models.routes import Reference
from controller.api.predict.prediction import Prediction, Predictor
from controller.api.predict.requests import json_body
from controller.core.clock import Clock
from controller.core.models.signature import ModelSignature
from controller.core.predictions.body import METHODS, BodyForm, prediction_body
from controller.core.predictions.rows import ModelRows, model_rows
from controller.core.predictions.violations import InputError

_OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS | orjson.OPT_UTC_Z
_SCOPE = "predict:model/*"
_BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "properties": {
                    "inputs": {
                        "description": "One row, by column; or MLflow's inputs."
                    },
                    "options": {
                        "type": "object",
                        "properties": {
                            "inference_method": {"enum": list(METHODS)},
                            "model_version": {"type": ["integer", "string"]},
                        },
                    },
                    "dataframe_split": {"type": "object"},
                    "dataframe_records": {"type": "array"},
                    "instances": {"type": "array"},
                },
            },
            "example": {"inputs": {"amount": 12.5, "visits": 3}},
        }
    },
}
_EXTRA_OF_READS = {
    SCOPES_FIELD: [_SCOPE],
    "security": [{name: []} for name in SECURITY_SCHEMES],
}
_EXTRA = {"requestBody": _BODY, **_EXTRA_OF_READS}
_RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"description": text}
    for status, text in {
        404: "There is no such model or version.",
        413: "The body is too large.",
        415: "The body is not declared as JSON.",
        422: "The signature of the model does not permit the input.",
        503: "The model is not ready, or too many requests wait.",
        504: "The model did not predict in time.",
    }.items()
}


def router(predictor: Predictor, clock: Clock, version: str) -> APIRouter:
    """Return the routes.

    Args:
        predictor: Performs the predictions.
        clock: Dates the answers.
        version: Version of this program.
    """
    routes = APIRouter(prefix="/api/v1/models", tags=["predictions"])

    @routes.post(
        "/{reference:path}/predict", openapi_extra=_EXTRA, responses=_RESPONSES
    )
    async def predict(request: Request, reference: Reference) -> Response:
        """Predict rows of input.

        The body is ``{"inputs": {COLUMN: VALUE}, "options": {}}`` for one row, or one of
        MLflow's ``dataframe_split``, ``dataframe_records``, ``instances`` and ``inputs``,
        which are answered as MLflow does. Input that the signature does not permit is
        refused, never converted. Safe to repeat.
        """
        try:
            # Callers without a permission learn nothing about the body.
            await predictor.target(request, reference)
            body = prediction_body(await json_body(request))

            def rows(signature: ModelSignature) -> ModelRows:
                return model_rows(body, signature)

            found = await predictor.predict(request, reference, rows, body.version)
        except InputError as error:
            return invalid_input(error)
        if body.form is BodyForm.PLATFORM:
            return json_response(_platform_answer(found, clock.now(), version))
        return json_response({"predictions": found.values})

    @routes.get(
        "/{reference:path}/health", openapi_extra=_EXTRA_OF_READS, responses=_RESPONSES
    )
    async def health(
        request: Request, reference: Reference, warmup: Annotated[bool, Query()] = False
    ) -> Response:
        """Return 200 if the version is in memory; 503 with the reason otherwise.

        A version that is not in memory begins to load; ``warmup`` waits for it.
        """
        _, target = await predictor.target(request, reference)
        served = await predictor.ready(target, None if warmup else 0.0)
        return json_response(
            {
                "model_id": target.model_id,
                "ready": True,
                "model_version": str(served.key.number),
                "batching": not served.batching_obstacle,
                "batching_obstacle": served.batching_obstacle,
            }
        )

    return routes


def invalid_input(refused: InputError, /, **more: Any) -> Response:
    """Return the answer that names each violation, without the values.

    Args:
        refused: Violations.
        more: Further fields of the answer.
    """
    errors = [
        {"field": v.field, "message": v.message, "row": v.row, "column": v.column}
        for v in refused.violations
    ]
    return problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "The input is not what the model accepts.",
        errors=errors,
        total=refused.total,
        **more,
    )


def json_response(content: Any) -> Response:
    """Return an answer in JSON; numbers that JSON has not are null."""
    return Response(
        orjson.dumps(content, default=str, option=_OPTIONS),
        media_type="application/json",
    )


def _platform_answer(found: Prediction, now: datetime, version: str) -> dict[str, Any]:
    values = found.values
    value = values[0] if isinstance(values, list) and len(values) == 1 else values
    return {
        "model_id": found.target.model_id,
        "predictions": value if isinstance(value, dict) else {"prediction": value},
        "metadata": {
            "api_version": version,
            "inference_method": METHODS[0],
            "user_id": found.caller.subject,
            "api_key_id": found.caller.credential,
            "model_version": str(found.key.number),
            "request_id": found.request_id,
        },
        "timestamp": now.astimezone(UTC).isoformat(),
        "inference_log_id": found.request_id,
    }
