"""POST requests over the pooled connections of an aiohttp connector.

The connector resolves, connects, secures and keeps the connections, and its parser reads
the responses. The requests are written here: the session of aiohttp takes most of the
CPU time of a short request, for cookies, redirects, traces and authentication that a
webhook must not have.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.http import HttpProcessingError
from yarl import URL

# A connection is reused only if the rest of the response is short.
_MAX_RESPONSE = 64 * 1024
_DRAIN_SECONDS = 1.0
# Seconds between two looks at a pool in use, at least.
_POLL = 0.01
_SWITCHING = 101
_FINAL = 200


class InvalidResponseError(Exception):
    """The response is not HTTP."""


@dataclass(frozen=True, slots=True)
class Response:
    """Head of a response.

    Attributes:
        status: Status.
        retry_after: Value of its header Retry-After; empty without one.
    """

    status: int
    retry_after: str


class Destination:
    """URL to post to, prepared once for many requests.

    Args:
        url: URL; the host may be international.
    """

    def __init__(self, url: str) -> None:
        self.request = aiohttp.ClientRequest("POST", URL(url), data=b"")
        host = self.request.headers["Host"]
        self.head = (
            f"POST {self.request.url.raw_path_qs} HTTP/1.1\r\nHost: {host}\r\n"
            "Accept: */*\r\nAccept-Encoding: identity\r\nContent-Length: "
        )


class PostPool:
    """Connections of one connector, used and closed in one event loop.

    Args:
        connector: Connector; the pool owns it.
        connect_seconds: Seconds for the connection to one address.
    """

    def __init__(
        self, connector: aiohttp.BaseConnector, connect_seconds: float
    ) -> None:
        self._connector = connector
        self._timeout = aiohttp.ClientTimeout(sock_connect=connect_seconds)
        self._in_use = 0
        self._used_at = asyncio.get_running_loop().time()

    async def post(
        self,
        destination: Destination,
        headers: Mapping[str, str],
        body: bytes,
        sent: list[bool],
    ) -> Response:
        """Post ``body`` and return the head of the final response.

        A redirect is a response. The body of the response is read up to a limit, so
        that the connection can be used again; its content does not matter.

        Args:
            destination: URL.
            headers: Headers besides those of the destination.
            body: Bytes to send.
            sent: Receives True before the first byte is written.

        Raises:
            aiohttp.ClientError: The connection cannot be made, or it ended.
            OSError: As above.
            InvalidResponseError: The response is not HTTP.
            ValueError: A header has a character that would end it.
        """
        request = _head(destination, headers, len(body)) + body
        self._in_use += 1
        try:
            connection = await self._connector.connect(
                destination.request, [], self._timeout
            )
            is_reusable = False
            try:
                protocol, transport = connection.protocol, connection.transport
                if protocol is None or transport is None:
                    raise aiohttp.ServerDisconnectedError
                protocol.set_response_params(read_until_eof=True, auto_decompress=False)
                sent.append(True)
                transport.write(request)
                response, content = await _final_response(protocol)
                is_reusable = content.is_eof() or await _is_drained(content)
                is_reusable = is_reusable and not transport.get_write_buffer_size()
            finally:
                _end(connection, is_reusable=is_reusable)
        finally:
            self._in_use -= 1
            self._used_at = asyncio.get_running_loop().time()
        return response

    async def wait_idle(self, seconds: float) -> None:
        """Wait until no request was in progress for ``seconds``."""
        left = self._idle_in(seconds)
        while left > 0:
            await asyncio.sleep(left)
            left = self._idle_in(seconds)

    def _idle_in(self, seconds: float) -> float:
        """Return the seconds until it could have been idle for ``seconds``."""
        if self._in_use:
            return max(seconds, _POLL)
        return self._used_at + seconds - asyncio.get_running_loop().time()

    async def close(self) -> None:
        """Close the connections."""
        await self._connector.close()


def _head(destination: Destination, headers: Mapping[str, str], length: int) -> bytes:
    text = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    # RFC 9110, section 5.5; an injected line would be another header or request.
    ends = len(headers)
    if text.count("\n") != ends or text.count("\r") != ends or "\0" in text:
        msg = "a header contains a character that ends its line"
        raise ValueError(msg)
    return f"{destination.head}{length}\r\n{text}\r\n".encode()


async def _final_response(
    protocol: ResponseHandler,
) -> tuple[Response, aiohttp.StreamReader]:
    """Return the response after the interim ones (RFC 9110, section 15.2)."""
    while True:
        try:
            message, content = await protocol.read()
        except HttpProcessingError as error:
            msg = f"the response is not HTTP: {error.message}"
            raise InvalidResponseError(msg) from error
        if message.code >= _FINAL or message.code == _SWITCHING:
            wait = message.headers.get("Retry-After", "")
            return Response(message.code, wait), content


async def _is_drained(content: aiohttp.StreamReader) -> bool:
    """Read the rest of a short response; return True if it has ended.

    The status is already known: a body that never ends does not change it.
    """
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            while content.total_bytes < _MAX_RESPONSE:
                if not await content.readany():
                    return True
    except (TimeoutError, aiohttp.ClientError):
        pass
    return False


def _end(connection: Connection, *, is_reusable: bool) -> None:
    if is_reusable:
        connection.release()
    else:
        connection.close()
