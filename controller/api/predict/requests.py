"""Reads of the bodies of predictions: media type, size, and JSON."""

import json
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import HTTPException, Request

from controller.core.predictions.violations import refuse

MOST_BYTES = 6 * 1024 * 1024
_MEDIA_TYPE = "application/json"


async def json_body(request: Request, most_bytes: int = MOST_BYTES) -> Any:
    """Return the decoded body of a request.

    Raises:
        HTTPException: 415 if it is not declared as JSON, 413 if it is too large.
        InputError: It is not JSON.
    """
    declared = request.headers.get("content-type", "").partition(";")[0].strip()
    if declared.lower() != _MEDIA_TYPE:
        raise HTTPException(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            f"Send the header Content-Type: {_MEDIA_TYPE}.",
            {"accept-post": _MEDIA_TYPE},
        )
    return _decoded(await _bytes(request, most_bytes))


async def _bytes(request: Request, most: int) -> bytes:
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > most:
        raise _too_large(most)
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise _too_large(most)
        parts.append(part)
    return b"".join(parts)


def _too_large(most: int) -> HTTPException:
    # The rest of the body is not read, so the connection cannot be used again.
    return HTTPException(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"The body may have {most} bytes; send fewer rows in one request.",
        {"connection": "close"},
    )


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        # NaN and infinity are no JSON, but their row and column can be named.
        return json.loads(body)
    except json.JSONDecodeError as error:
        refuse("body", f"must be JSON: line {error.lineno}, column {error.colno}")
    except (ValueError, RecursionError):
        refuse("body", "must be JSON in UTF-8")
