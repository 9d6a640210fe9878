"""One request to MLflow and its answer, streamed in both directions."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import aiohttp
from fastapi.responses import Response
from starlette.types import Message, Receive, Scope, Send

from controller.api.proxy.problems import RETRY_AFTER, proxy_problem
from controller.api.proxy.upstream import (
    Body,
    Headers,
    MlflowUpstream,
    UnansweredError,
    UnreachableError,
)
from controller.core.proxy.forwarded_headers import response_headers

log = logging.getLogger(__name__)

_UNAUTHORIZED = 401
_FORBIDDEN = 403
# `upstream` logs the begin and the end of an outage, not each request.
_UNREACHABLE = 503
_OVERLOADED = frozenset({429, 503})
_HOST_REFUSED = b"Invalid Host header"
_HOST_ADVICE = (
    "MLflow refuses the host name of its own address: add it to"
    " MLFLOW_SERVER_ALLOWED_HOSTS where MLflow runs."
)


class ClientGoneError(Exception):
    """The caller closed the connection before its request was complete."""


@dataclass(frozen=True, slots=True)
class ForwardedRequest:
    """Request to MLflow.

    Attributes:
        method: HTTP method.
        target: Path and query at MLflow, encoded.
        headers: Headers, without credentials of MLflow.
        body: Body that was read already; None to stream that of the caller.
        returned: Headers of this service that the answer gets.
    """

    method: str
    target: bytes
    headers: Headers
    body: bytes | None
    returned: Mapping[str, str]


class ForwardingResponse(Response):
    """Answer of MLflow, passed on as it arrives.

    An answer that breaks off also breaks the connection to the caller, so that it is
    not taken for a complete one. A caller that closes its connection ends the request
    to MLflow.
    """

    def __init__(self, upstream: MlflowUpstream, request: ForwardedRequest) -> None:
        super().__init__()
        self._upstream = upstream
        self._request = request
        self._has_begun = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward the request and its answer."""
        received = ReceivedBody(receive)
        passing = asyncio.create_task(self._pass_on(scope, received, send))
        leaving = asyncio.create_task(received.until_disconnect())
        tasks = (passing, leaving)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if not passing.cancelled():
            passing.result()

    async def _pass_on(
        self, scope: Scope, received: "ReceivedBody", send: Send
    ) -> None:
        request = self._request
        body: Body = request.body
        if body is None and _has_body(scope):
            body = received.parts()
        else:
            received.is_complete.set()
        try:
            async with self._upstream.answer(
                request.method, request.target, request.headers, body
            ) as answer:
                await self._answer(answer, scope, received, send)
        except UnreachableError as error:
            await self._refuse(_UNREACHABLE, str(error), scope, received, send)
        except UnansweredError as error:
            if received.is_cut:
                return
            status = 504 if error.is_timeout else 502
            await self._refuse(status, str(error), scope, received, send)

    async def _answer(
        self,
        answer: aiohttp.ClientResponse,
        scope: Scope,
        received: "ReceivedBody",
        send: Send,
    ) -> None:
        if answer.status == _UNAUTHORIZED:
            detail = "MLflow does not accept the credentials of this service."
            await self._refuse(502, detail, scope, received, send)
            return
        begun = b""
        if answer.status == _FORBIDDEN:
            begun = await answer.content.readany()
        if begun.startswith(_HOST_REFUSED):
            await self._refuse(502, _HOST_ADVICE, scope, received, send)
            return
        self._has_begun = True
        headers = self._returned_headers(answer)
        start = {"status": answer.status, "headers": headers}
        await send({"type": "http.response.start", **start})
        while part := begun or await answer.content.readany():
            begun = b""
            await send(_part(part))
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _returned_headers(
        self, answer: aiohttp.ClientResponse
    ) -> list[tuple[bytes, bytes]]:
        headers = response_headers(answer.raw_headers)
        returned = dict(self._request.returned)
        if answer.status in _OVERLOADED and b"retry-after" not in dict(headers):
            returned |= RETRY_AFTER
        return [*headers, *((n.encode(), v.encode()) for n, v in returned.items())]

    async def _refuse(
        self,
        status: int,
        detail: str,
        scope: Scope,
        received: "ReceivedBody",
        send: Send,
    ) -> None:
        """Answer with a problem; break the connection off if an answer has begun."""
        if status != _UNREACHABLE:
            log.warning("MLflow failed", extra={"status": status, "cause": detail})
        if not self._has_begun:
            refused = proxy_problem(status, detail, dict(self._request.returned))
            await refused(scope, received.receive, send)


class ReceivedBody:
    """Body of a caller's request.

    Attributes:
        receive: Channel of the caller's messages.
        is_cut: True if the caller closed the connection before the end of the body.
        is_complete: Set if the body is empty or was received.
    """

    def __init__(self, receive: Receive) -> None:
        self.receive = receive
        self.is_cut = False
        self.is_complete = asyncio.Event()

    async def parts(self) -> AsyncIterator[bytes]:
        """Yield the body as it arrives.

        Raises:
            ClientGoneError: The caller closed the connection.
        """
        has_more = True
        while has_more:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                self.is_cut = True
                msg = "the caller closed the connection"
                raise ClientGoneError(msg)
            if part := message.get("body", b""):
                yield part
            has_more = message.get("more_body", False)
        self.is_complete.set()

    async def until_disconnect(self) -> None:
        """Return once the caller has closed the connection after its request."""
        await self.is_complete.wait()
        while (await self.receive())["type"] != "http.disconnect":
            continue


def _part(body: bytes) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": True}


def _has_body(scope: Scope) -> bool:
    headers = dict(scope["headers"])
    return (
        b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0"
    )
