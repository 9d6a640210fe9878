"""HTTP responses as values, and their transmission over WSGI."""

import json
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeAlias

Headers: TypeAlias = tuple[tuple[str, str], ...]
Environ: TypeAlias = dict[str, Any]
StartResponse: TypeAlias = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP response. None instead of a reply closes the connection."""

    status: int
    body: bytes
    headers: Headers = ()


def json_reply(
    status: int, body: object, content_type: str = "application/json", **more: str
) -> Reply:
    """Return a reply with a JSON body."""
    headers = (("Content-Type", content_type), *more.items())
    return Reply(status, json.dumps(body).encode(), headers)


def send(
    reply: Reply | None, environ: Environ, start_response: StartResponse
) -> Iterable[bytes]:
    """Send a reply over WSGI, or close the connection for None."""
    if reply is None:
        connection: socket.socket = environ["werkzeug.socket"]
        connection.shutdown(socket.SHUT_RDWR)
        reply = Reply(HTTPStatus.SERVICE_UNAVAILABLE, b"")
    headers = list(reply.headers)
    if "content-length" not in {name.lower() for name, _ in headers}:
        headers.append(("Content-Length", str(len(reply.body))))
    start_response(f"{reply.status} {_phrase(reply.status)}", headers)
    return [reply.body]


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def read_body(environ: Environ) -> bytes:
    """Return the body of a request, as long as its Content-Length."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body: bytes = environ["wsgi.input"].read(length)
    return body
