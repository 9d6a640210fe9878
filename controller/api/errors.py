"""Errors as problem details (RFC 9457): what happened, never how it looks inside."""

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from controller.core.errors import (
    ControllerError,
    DriverError,
    NotFoundError,
    TransientError,
)
from controller.core.values.redact import redact

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
# Its name in the standard library changed; the number did not.
_INVALID = 422
_RETRY_AFTER = {"retry-after": "5"}


def install(app: FastAPI) -> None:
    """Let every error of ``app`` be answered as problem details."""
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(ControllerError, _ours)
    app.add_exception_handler(Exception, _unforeseen)


def problem(
    status: int, detail: str, headers: dict[str, str] | None = None, **more: Any
) -> JSONResponse:
    """Return an answer that says what went wrong."""
    content = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **more,
    }
    return JSONResponse(content, status, headers, media_type=MEDIA_TYPE)


async def _http(_request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", HTTPStatus.INTERNAL_SERVER_ERROR)
    headers = getattr(error, "headers", None)
    if status == HTTPStatus.NOT_MODIFIED:
        return Response(status_code=status, headers=headers)
    members = getattr(error, "members", {})
    return problem(status, str(getattr(error, "detail", "")), headers, **members)


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    """Name every wrong field, but not what was sent in it."""
    found = error.errors() if isinstance(error, RequestValidationError) else ()
    errors = [
        {"field": ".".join(str(part) for part in e["loc"]), "message": e["msg"]}
        for e in found
    ]
    return problem(_INVALID, "The request is not valid.", errors=errors)


async def _ours(_request: Request, error: Exception) -> JSONResponse:
    told = redact(str(error), ())
    match error:
        case NotFoundError():
            return problem(HTTPStatus.NOT_FOUND, told)
        case TransientError():
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, told, _RETRY_AFTER)
        case DriverError():
            return problem(HTTPStatus.BAD_GATEWAY, told)
        case _:
            # It is ours to refuse, as things are; the message says what to do.
            return problem(HTTPStatus.CONFLICT, told)


async def _unforeseen(request: Request, error: Exception) -> JSONResponse:
    log.error("request failed", extra={"path": request.url.path}, exc_info=error)
    return problem(
        HTTPStatus.INTERNAL_SERVER_ERROR, "The server met something unforeseen."
    )
