"""Requests of the API service to other services: one deadline, small answers."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from ssl import SSLContext, create_default_context

import httpx

from controller.clients.http import async_http_client
from controller.core.errors import TransientError
from controller.resolver.names import Names

_LONGEST_BYTES = 64 * 1024
_DEADLINE = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class SmallAnswer:
    """Answer of at most 64 KiB."""

    status: int
    body: bytes


class BoundedClient:
    """Client of one URL; redirects are not followed.

    Args:
        url: URL.
        names: Resolver.
        context: Authorities for TLS; None for those of the machine.
        deadline: Time for a whole answer.
    """

    def __init__(
        self,
        url: str,
        names: Names,
        context: SSLContext | None = None,
        deadline: timedelta = _DEADLINE,
    ) -> None:
        self._url = url
        self._names = names
        self._seconds = deadline.total_seconds()
        # Once: loading the certificates takes 30 ms, and requests share the event loop.
        is_secure = url.startswith("https:")
        self._context = (context or create_default_context()) if is_secure else None

    async def send(
        self,
        method: str,
        headers: Mapping[bytes, bytes] | None = None,
        content: bytes = b"",
    ) -> SmallAnswer:
        """Return the answer to a request, with any status.

        Raises:
            TransientError: There is no answer in time, or it is too large.
        """
        try:
            async with asyncio.timeout(self._seconds):
                return await self._sent(method, dict(headers or {}), content)
        except (httpx.HTTPError, TimeoutError, OSError) as error:
            cause = str(error) or type(error).__name__
            msg = f"{self._url} does not answer: {cause}"
            raise TransientError(msg) from error

    async def _sent(
        self, method: str, headers: dict[bytes, bytes], content: bytes
    ) -> SmallAnswer:
        client = async_http_client(self._url, self._names, self._context)
        request = client.build_request(
            method, self._url, headers=headers, content=content
        )
        async with client:
            answer = await client.send(request, stream=True)
            found = bytearray()
            async for part in answer.aiter_bytes():
                found += part
                if len(found) > _LONGEST_BYTES:
                    msg = f"{self._url} answered more than {_LONGEST_BYTES} bytes"
                    raise TransientError(msg)
            return SmallAnswer(answer.status_code, bytes(found))
