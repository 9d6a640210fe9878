"""Errors of the proxy: problem details with the members that MLflow's client reads."""

from fastapi import HTTPException
from fastapi.responses import JSONResponse

from controller.api.errors import problem

# Names of ``mlflow.protos.databricks_pb2.ErrorCode``.
_CODES = {
    400: "INVALID_PARAMETER_VALUE",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "ENDPOINT_NOT_FOUND",
    408: "BAD_REQUEST",
    413: "BAD_REQUEST",
    429: "REQUEST_LIMIT_EXCEEDED",
    502: "INTERNAL_ERROR",
    503: "TEMPORARILY_UNAVAILABLE",
    504: "TEMPORARILY_UNAVAILABLE",
}
_UNAVAILABLE = 503
RETRY_AFTER = {"retry-after": "5"}


def proxy_problem(
    status: int, detail: str, headers: dict[str, str] | None = None
) -> JSONResponse:
    """Return a refusal that MLflow's client shows as a ``RestException``.

    A 503 says that the request was not sent to MLflow, and asks for a later attempt.
    """
    if status == _UNAVAILABLE:
        headers = RETRY_AFTER | (headers or {})
    code = _CODES.get(status, "INTERNAL_ERROR")
    return problem(status, detail, headers, error_code=code, message=detail)


def refusal(error: HTTPException) -> JSONResponse:
    """Return the answer for an error of the check of a caller."""
    headers = dict(error.headers) if error.headers else None
    return proxy_problem(error.status_code, str(error.detail), headers)
