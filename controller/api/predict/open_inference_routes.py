"""Open Inference Protocol (V2) over HTTP, for the clients of KServe and Triton.

See https://github.com/kserve/open-inference-protocol. Names of models may be references.
Errors have the field ``error`` of the protocol besides those of problem details.
"""

import json
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response

from controller.api.auth.requirements import SCOPES_FIELD, SECURITY_SCHEMES
from controller.api.errors import problem
from controller.api.predict.prediction import Predictor
from controller.api.predict.requests import json_body
from controller.api.predict.routes import invalid_input, json_response
from controller.core.models.signature import ModelSignature
from controller.core.predictions.open_inference import (
    output_tensors,
    tensor_inputs,
    tensor_rows,
)
from controller.core.predictions.rows import ModelRows
from controller.core.predictions.violations import InputError

_EXTRA = {
    SCOPES_FIELD: ["predict:model/*"],
    "security": [{name: []} for name in SECURITY_SCHEMES],
}
_PLATFORM = "mlflow_pyfunc"
_LONGEST_ID = 256


def router(predictor: Predictor, version: str) -> APIRouter:
    """Return the routes; those of the server need no key.

    Args:
        predictor: Performs the predictions.
        version: Version of this program.
    """
    routes = APIRouter(prefix="/v2", tags=["open inference protocol"])

    _add_server_routes(routes, version)

    @routes.get("/models/{model}", openapi_extra=_EXTRA)
    @routes.get("/models/{model}/versions/{number}", openapi_extra=_EXTRA)
    async def metadata(
        request: Request, model: str, number: int | None = None
    ) -> Response:
        """Return the inputs of a version; it is loaded if it is not in memory."""
        try:
            _, target = await predictor.target(request, model, number)
            served = await predictor.ready(target)
        except HTTPException as error:
            return _error(error)
        return json_response(
            {
                "name": model,
                "versions": [str(served.key.number)],
                "platform": _PLATFORM,
                "inputs": tensor_inputs(served.signature),
                "outputs": [],
            }
        )

    @routes.get("/models/{model}/ready", openapi_extra=_EXTRA)
    @routes.get("/models/{model}/versions/{number}/ready", openapi_extra=_EXTRA)
    async def model_ready(
        request: Request, model: str, number: int | None = None
    ) -> Response:
        """Return 200 if the version is in memory; else 503, and its load begins."""
        try:
            _, target = await predictor.target(request, model, number)
            await predictor.ready(target, 0.0)
        except HTTPException as error:
            return _error(error)
        return json_response({"name": model, "ready": True})

    @routes.post("/models/{model}/infer", openapi_extra=_EXTRA)
    @routes.post("/models/{model}/versions/{number}/infer", openapi_extra=_EXTRA)
    async def infer(
        request: Request, model: str, number: int | None = None
    ) -> Response:
        """Predict the rows of input tensors, one for each column. Safe to repeat."""
        try:
            await predictor.target(request, model, number)
            body = await json_body(request)

            def rows(signature: ModelSignature) -> ModelRows:
                return tensor_rows(body, signature)

            found = await predictor.predict(request, model, rows, number)
        except HTTPException as error:
            return _error(error)
        except InputError as error:
            return invalid_input(error, error=str(error))
        sent = body.get("id")
        is_id = isinstance(sent, str) and len(sent) <= _LONGEST_ID
        return json_response(
            {
                "id": sent if is_id else found.request_id,
                "model_name": model,
                "model_version": str(found.key.number),
                "outputs": output_tensors(found.values),
            }
        )

    return routes


def _add_server_routes(routes: APIRouter, version: str) -> None:
    @routes.get("")
    async def server() -> dict[str, Any]:
        """Return the name and version of the server."""
        return {"name": "hokusai", "version": version, "extensions": []}

    @routes.get("/health/live")
    async def live() -> dict[str, bool]:
        """Return 200 while the process answers."""
        return {"live": True}

    @routes.get("/health/ready")
    async def ready(request: Request) -> Response:
        """Return 200 while requests are accepted, 503 while the server stops."""
        draining = getattr(request.app.state, "draining", False)
        status = HTTPStatus.SERVICE_UNAVAILABLE if draining else HTTPStatus.OK
        return Response(json.dumps({"ready": not draining}), status)


def _error(error: HTTPException) -> Response:
    headers = dict(error.headers or {})
    return problem(error.status_code, error.detail, headers, error=error.detail)
