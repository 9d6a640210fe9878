"""Webhook sender with one deadline per request and without redirects."""

import asyncio
import functools
import ssl
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from types import SimpleNamespace
from typing import Self
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver
from aiohttp.client_proto import ResponseHandler

from controller.core.clock import Clock
from controller.core.values.redact import redact
from controller.core.webhooks.answers import Answer, Answered, Unanswered

_CONNECT_SECONDS = 5.0
_CONNECTIONS = 256
# A connection is reused only if the rest of the response is short.
_MAX_RESPONSE = 64 * 1024
_DRAIN_SECONDS = 1.0
_MAX_RETRY_AFTER = 900.0
_PRIVATE_SUFFIXES = (".local", ".localhost")


class Sender:
    """HTTP session for webhooks, created, used and closed in one event loop.

    Args:
        clock: Clock for a ``Retry-After`` that is a date.
        resolver: Resolver of host names; None for that of the machine.
        tls: Context with the trusted certificates; None for those of the machine.
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
        connector._factory = functools.partial(  # type: ignore[assignment]  # noqa: SLF001 - no public setting
            _HeadFirst, loop=asyncio.get_running_loop()
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            trace_configs=[_sent_trace()],
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()

    async def send(
        self, url: str, headers: Mapping[str, str], body: bytes, within: float
    ) -> Answer:
        """Post ``body`` and return the answer received ``within`` seconds.

        Never raises for a failure of the network or the receiver. A redirect is
        returned as an answer and not followed: the signature is for one receiver.
        """
        if reason := refusal_reason(url):
            return Unanswered(reason)
        sent: list[bool] = []
        try:
            async with (
                asyncio.timeout(within),
                self._session.post(
                    url,
                    data=body,
                    headers={**headers, "accept-encoding": "identity"},
                    allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(sock_connect=_CONNECT_SECONDS),
                    trace_request_ctx=sent,
                ) as response,
            ):
                await _drain(response)
                wait = self._retry_after(response.headers.get("retry-after", ""))
                return Answered(response.status, wait)
        except TimeoutError:
            return Unanswered(f"no answer within {within:g} s", bool(sent))
        except (aiohttp.ClientError, OSError, ValueError) as error:
            reason = redact(f"{type(error).__name__}: {error}", ())
            return Unanswered(reason, bool(sent))

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    def _retry_after(self, text: str) -> float | None:
        """Return the seconds in a ``Retry-After`` header, at most 15 minutes."""
        try:
            seconds = float(text)
        except ValueError:
            try:
                at = parsedate_to_datetime(text)
                seconds = (at - self._clock.now()).total_seconds()
            except (TypeError, ValueError):
                return None
        return min(seconds, _MAX_RETRY_AFTER) if seconds > 0 else None


def _sent_trace() -> aiohttp.TraceConfig:
    """Return a trace that adds to the list of a request once its headers are sent."""
    trace = aiohttp.TraceConfig()

    async def record(
        _session: aiohttp.ClientSession, context: SimpleNamespace, _event: object
    ) -> None:
        context.trace_request_ctx.append(True)

    trace.on_request_headers_sent.append(record)
    return trace


class _HeadFirst(ResponseHandler):
    """Reader of responses that keeps the status when only the body is malformed.

    aiohttp parses a packet as a whole and discards its status if the body breaks the
    rules, as one after 204 No Content does (RFC 9112, section 6.3).
    """

    def data_received(self, data: bytes) -> None:
        head, end, rest = data.partition(b"\r\n\r\n")
        if rest and head.startswith(b"HTTP/"):
            super().data_received(head + end)
            self.data_received(rest)
        else:
            super().data_received(data)


def refusal_reason(url: str) -> str:
    """Return the reason that nothing may be sent to ``url``, or "".

    Plain HTTP is allowed only to this machine and to names outside public DNS.
    """
    parts = urlsplit(url)
    if parts.scheme == "https":
        return ""
    if parts.scheme != "http":
        scheme = f"the scheme {parts.scheme}" if parts.scheme else "no scheme"
        return f"the URL has {scheme}: use https"
    if _is_private(parts.hostname or ""):
        return ""
    return "http would send the payload unencrypted: use https"


def _is_private(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(_PRIVATE_SUFFIXES)


async def _drain(response: aiohttp.ClientResponse) -> None:
    """Read the rest of a short response, so that its connection can be reused.

    The status is already known: a body that never ends does not change it.
    """
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            while response.content.total_bytes < _MAX_RESPONSE:
                if not await response.content.readany():
                    return
    except (TimeoutError, aiohttp.ClientError):
        pass
    response.close()
