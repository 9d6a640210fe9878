"""A small load balancer: follows the rules of the emulated one, on loopback only.

It speaks HTTP/1.1. It has no sticky sessions, no WebSockets and no access logs, and
each listener of the document listens on a high port of this machine.
"""

import asyncio
import itertools
import ssl
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from controller.emulation.load_balancer.listener_rules import (
    Fixed,
    Forward,
    HttpRequest,
    Redirect,
    by_weight,
    followed,
    verdict,
)
from controller.emulation.load_balancer.state import LiveState
from controller.emulation.loopback import NotLoopbackError, require_loopback

if TYPE_CHECKING:
    from aiohttp import ClientSession, web

HOST = "127.0.0.1"
# Application Load Balancers' own: connection and idle timeout, in seconds.
CONNECT_SECONDS, IDLE_SECONDS = 10.0, 60.0
_CHUNK = 64 * 1024
_STOP_SECONDS = 5.0
# RFC 9110, section 7.6.1: of this connection only.
_HOP_BY_HOP = frozenset(
    {
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization"),
        *("te", "trailer", "transfer-encoding", "upgrade", "proxy-connection"),
    }
)
_OURS = frozenset({"x-forwarded-for", "x-forwarded-proto", "x-forwarded-port"})


@dataclass(frozen=True, slots=True)
class Served:
    """A listener to be served.

    Attributes:
        balancer: Name of the load balancer.
        port: Where it listens on AWS.
        secure: Whether it speaks TLS.
    """

    balancer: str
    port: int
    secure: bool


class EmulatedLoadBalancers:
    """Serves listeners, each on a port of its own; a context manager.

    Args:
        state: What there is.
        served: The listeners.
        tls: For those that are secure.
        idle: Seconds that a target may keep silent.
    """

    def __init__(
        self,
        state: LiveState,
        served: Sequence[Served],
        tls: ssl.SSLContext | None = None,
        *,
        idle: float = IDLE_SECONDS,
    ) -> None:
        self._state = state
        self._served = served
        self._tls = tls
        self._idle = idle
        self._numbers = itertools.count()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="load-balancer", daemon=True
        )
        self._runners: list[web.ServerRunner] = []
        self._session: ClientSession | None = None
        self.ports: dict[Served, int] = {}

    def start(self) -> None:
        """Listen; afterwards ``ports`` says where."""
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._start(), self._loop).result()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop listening and end what is under way."""
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_STOP_SECONDS)
        self._loop.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def _start(self) -> None:
        from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, web

        timeout = ClientTimeout(
            total=None, sock_connect=CONNECT_SECONDS, sock_read=self._idle
        )
        self._session = ClientSession(
            timeout=timeout, auto_decompress=False, cookie_jar=DummyCookieJar()
        )
        for served in self._served:
            runner = web.ServerRunner(
                web.Server(_Handler(self, served)), shutdown_timeout=_STOP_SECONDS
            )
            await runner.setup()
            self._runners.append(runner)
            tls = self._tls if served.secure else None
            site = web.TCPSite(runner, HOST, 0, ssl_context=tls)
            await site.start()
            self.ports[served] = int(runner.addresses[0][1])

    async def _stop(self) -> None:
        for runner in self._runners:
            await runner.cleanup()
        if self._session is not None:
            await self._session.close()

    async def answer(
        self, served: Served, request: "web.BaseRequest"
    ) -> "web.StreamResponse":
        """Answer a request as the listener's rules say."""
        from aiohttp import web

        asked = _asked(request, served)
        decided = await asyncio.to_thread(self._decide, served, asked)
        match decided:
            case Fixed(status, content_type, body):
                return web.Response(
                    status=status, body=body.encode(), content_type=content_type
                )
            case Redirect(status, location):
                return web.Response(status=status, headers={"Location": location})
            case Forward(groups):
                return await self._forward(served, request, groups)

    def _decide(self, served: Served, asked: HttpRequest) -> Fixed | Redirect | Forward:
        listener = self._state.listener(served.balancer, served.port)
        if listener is None:
            return Fixed(503, body=f"nothing listens on port {served.port} any more")
        actions = followed(listener.rules, listener.default, asked)
        return verdict(actions, asked, self._reached_at(served))

    def _reached_at(self, served: Served) -> int:
        return self.ports.get(served, served.port)

    async def _forward(
        self,
        served: Served,
        request: "web.BaseRequest",
        groups: Sequence[tuple[str, int]],
    ) -> "web.StreamResponse":
        from aiohttp import ClientError, ServerTimeoutError

        number = next(self._numbers)
        group = by_weight(groups, number)
        addresses = (
            await asyncio.to_thread(self._state.addresses, group) if group else ()
        )
        if not addresses:
            return _refusal(503, "Service Temporarily Unavailable")
        address, port = addresses[number % len(addresses)]
        try:
            require_loopback(address)
            return await self._passed_on(served, request, f"http://{address}:{port}")
        except ServerTimeoutError:
            return _refusal(504, "Gateway Time-out")
        except (ClientError, NotLoopbackError, OSError):
            return _refusal(502, "Bad Gateway")

    async def _passed_on(
        self, served: Served, request: "web.BaseRequest", target: str
    ) -> "web.StreamResponse":
        """Return the target's answer, streamed; raises before anything was sent."""
        from aiohttp import ClientError, web
        from yarl import URL

        if self._session is None:
            msg = "the load balancer has not been started"
            raise RuntimeError(msg)
        body = request.content if request.body_exists else None
        async with self._session.request(
            request.method,
            URL(target + request.raw_path, encoded=True),
            headers=forwarded_headers(request.headers, request.remote or "", served),
            data=body,
            allow_redirects=False,
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding"),
        ) as answer:
            response = web.StreamResponse(status=answer.status, reason=answer.reason)
            for name, value in answer.headers.items():
                if name.lower() not in _HOP_BY_HOP:
                    response.headers.add(name, value)
            await response.prepare(request)
            try:
                async for chunk in answer.content.iter_chunked(_CHUNK):
                    await response.write(chunk)
            except (ClientError, OSError, TimeoutError):
                # The client has the beginning: all that can be told is that it ends.
                if request.transport is not None:
                    request.transport.close()
                return response
            await response.write_eof()
            return response


@dataclass(frozen=True, slots=True)
class _Handler:
    """What answers for one listener."""

    balancers: EmulatedLoadBalancers
    served: Served

    async def __call__(self, request: "web.BaseRequest") -> "web.StreamResponse":
        return await self.balancers.answer(self.served, request)


def forwarded_headers(
    headers: Mapping[str, str], client: str, served: Served
) -> list[tuple[str, str]]:
    """Return what the target is sent: the client's headers, and who the client is.

    As Application Load Balancers do: the client's address is appended, protocol and
    port are those of the listener, and Host stays as it was asked for.
    """
    before = headers.get("X-Forwarded-For")
    kept = [
        (name, value)
        for name, value in headers.items()
        if name.lower() not in _HOP_BY_HOP | _OURS
    ]
    return [
        *kept,
        ("X-Forwarded-For", f"{before}, {client}" if before else client),
        ("X-Forwarded-Proto", "https" if served.secure else "http"),
        ("X-Forwarded-Port", str(served.port)),
    ]


def _asked(request: "web.BaseRequest", served: Served) -> HttpRequest:
    headers = {name.lower(): value for name, value in request.headers.items()}
    path, _, query = request.raw_path.partition("?")
    return HttpRequest(
        host=(request.host or "").partition(":")[0],
        path=path,
        method=request.method,
        query=query,
        source=request.remote or HOST,
        headers={**headers, ":scheme": "https" if served.secure else "http"},
    )


def _refusal(status: int, phrase: str) -> "web.Response":
    """Return the page that Application Load Balancers answer with."""
    from aiohttp import web

    title = f"{status} {phrase}"
    body = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>"
        f"{title}</h1></center>\r\n</body>\r\n</html>\r\n"
    )
    headers = {"Server": "awselb/2.0"}
    return web.Response(
        status=status, body=body.encode(), content_type="text/html", headers=headers
    )
