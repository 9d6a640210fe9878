"""Public keys of an issuer of tokens (JWKS, RFC 7517) over HTTP."""

import asyncio
from datetime import timedelta
from ssl import SSLContext, create_default_context

import httpx

from controller.clients.http import async_http_client
from controller.core.errors import TransientError
from controller.resolver.names import Names

_LONGEST_BYTES = 64 * 1024
_DEADLINE = timedelta(seconds=5)
_OK = 200


class JwksClient:
    """Client of one URL; redirects are not followed.

    Args:
        url: URL of the keys.
        names: Resolver.
        context: Authorities for TLS; None for those of the machine.
        deadline: Time for the whole answer.
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
        # Once: loading the certificates takes 30 ms, and fetches share the event loop.
        is_secure = url.startswith("https:")
        self._context = (context or create_default_context()) if is_secure else None

    async def fetch(self) -> bytes:
        """Return the answer, of at most 64 KiB.

        Raises:
            TransientError: There is no such answer.
        """
        try:
            async with asyncio.timeout(self._seconds):
                return await self._fetched()
        except (httpx.HTTPError, TimeoutError, OSError) as error:
            cause = str(error) or type(error).__name__
            msg = f"the keys at {self._url} cannot be read: {cause}"
            raise TransientError(msg) from error

    async def _fetched(self) -> bytes:
        client = async_http_client(self._url, self._names, self._context)
        async with client, client.stream("GET", self._url) as answer:
            if answer.status_code != _OK:
                msg = f"the keys at {self._url} cannot be read: {answer.status_code}"
                raise TransientError(msg)
            found = bytearray()
            async for part in answer.aiter_bytes():
                found += part
                if len(found) > _LONGEST_BYTES:
                    msg = (
                        f"the keys at {self._url} are more than {_LONGEST_BYTES} bytes"
                    )
                    raise TransientError(msg)
            return bytes(found)
