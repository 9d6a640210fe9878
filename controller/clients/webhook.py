"""Send one webhook: a deadline over everything, and nothing followed or trusted."""

import asyncio
import ssl
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Self
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver

from controller.core.clock import Clock
from controller.core.values.redact import redact
from controller.core.webhooks.delivery import Answer, Answered, Unanswered

_CONNECT_SECONDS = 5.0
_CONNECTIONS = 256
# A connection is used again only if the rest of the answer is short.
_LONGEST_ANSWER = 64 * 1024
_REST_SECONDS = 1.0
_LONGEST_PAUSE = 900.0
_PRIVATE_SUFFIXES = (".local", ".localhost")


class Sender:
    """One long-lived session, to be made, used and closed in one event loop.

    Args:
        clock: To read a ``Retry-After`` that is a date.
        resolver: Gives the addresses of a name; None for the machine's own.
        tls: What certificates are checked against; None for the machine's own.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        resolver: AbstractResolver | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._clock = clock
        connector = aiohttp.TCPConnector(
            limit=_CONNECTIONS,
            resolver=resolver,
            use_dns_cache=resolver is None,
            ssl=True if tls is None else tls,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()

    async def send(
        self, url: str, headers: Mapping[str, str], body: bytes, within: float
    ) -> Answer:
        """Post ``body`` and return what came back ``within`` seconds.

        Never raises for what the network or the receiver does. A redirect is an
        answer like any other: a signature is for one receiver only.
        """
        if refusal := refused(url):
            return Unanswered(refusal)
        try:
            async with (
                asyncio.timeout(within),
                self._session.post(
                    url,
                    data=body,
                    headers={**headers, "accept-encoding": "identity"},
                    allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(sock_connect=_CONNECT_SECONDS),
                ) as response,
            ):
                await _drain(response)
                wait = self._asked_wait(response.headers.get("retry-after", ""))
                return Answered(response.status, wait)
        except TimeoutError:
            return Unanswered(f"no answer within {within:g} s")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Unanswered(redact(f"{type(error).__name__}: {error}", ()))

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    def _asked_wait(self, text: str) -> float | None:
        """Return the seconds that ``Retry-After`` asks for, at most 15 minutes."""
        try:
            seconds = float(text)
        except ValueError:
            try:
                at = parsedate_to_datetime(text)
                seconds = (at - self._clock.now()).total_seconds()
            except (TypeError, ValueError):
                return None
        return min(seconds, _LONGEST_PAUSE) if seconds > 0 else None


def refused(url: str) -> str:
    """Return why nothing is sent to ``url``; empty if it may be.

    In the clear only to this machine, or to a name that no public DNS knows.
    """
    parts = urlsplit(url)
    if parts.scheme == "https":
        return ""
    if parts.scheme != "http":
        return f"{parts.scheme or 'no scheme'} is not a way to send: use https"
    if _stays_private(parts.hostname or ""):
        return ""
    return "http would leave this machine in the clear: use https"


def _stays_private(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(_PRIVATE_SUFFIXES)


async def _drain(response: aiohttp.ClientResponse) -> None:
    """Read a short answer, so that its connection can be used again.

    The status has come: an answer that drips or never ends does not undo it.
    """
    try:
        async with asyncio.timeout(_REST_SECONDS):
            while response.content.total_bytes < _LONGEST_ANSWER:
                if not await response.content.readany():
                    return
    except (TimeoutError, aiohttp.ClientError):
        pass
    response.close()
