"""Load balancer on loopback that follows the rules of the emulated ELB.

It serves HTTP/1.1 without sticky sessions, WebSockets and access logs. Each listener
has its own unprivileged port on this machine.
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
    Result,
    matching_actions,
    result_of,
    select_group,
)
from controller.emulation.load_balancer.state import LiveState
from controller.emulation.loopback import NotLoopbackError, require_loopback

if TYPE_CHECKING:
    from aiohttp import ClientSession, web

HOST = "127.0.0.1"
# Connection and idle timeout of Application Load Balancers, in seconds.
CONNECT_SECONDS, IDLE_SECONDS = 10.0, 60.0
_CHUNK = 64 * 1024
_STOP_SECONDS = 5.0
# RFC 9110, section 7.6.1: headers of one connection, which are not forwarded.
_HOP_BY_HOP = frozenset(
    {
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization"),
        *("te", "trailer", "transfer-encoding", "upgrade", "proxy-connection"),
    }
)
_REPLACED = frozenset({"x-forwarded-for", "x-forwarded-proto", "x-forwarded-port"})


@dataclass(frozen=True, slots=True)
class ListenerKey:
    """A listener to serve.

    Attributes:
        balancer: Name of the load balancer.
        port: Port of the listener on AWS.
        secure: True if the listener uses TLS.
    """

    balancer: str
    port: int
    secure: bool


class EmulatedLoadBalancers:
    """Server of all listeners, each on its own port; a context manager.

    Attributes:
        ports: Local port of each listener, after the start.

    Args:
        state: Listeners, rules and targets of the emulated AWS.
        listeners: Listeners to serve.
        tls: TLS context of the secure listeners.
        idle: Seconds without data after which a target times out.
    """

    def __init__(
        self,
        state: LiveState,
        listeners: Sequence[ListenerKey],
        tls: ssl.SSLContext | None = None,
        *,
        idle: float = IDLE_SECONDS,
    ) -> None:
        self._state = state
        self._listeners = listeners
        self._tls = tls
        self._idle = idle
        self._numbers = itertools.count()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="load-balancer", daemon=True
        )
        self._runners: list[web.ServerRunner] = []
        self._session: ClientSession | None = None
        self.ports: dict[ListenerKey, int] = {}

    def start(self) -> None:
        """Listen, and set ``ports``."""
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._start(), self._loop).result()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop listening and end open requests."""
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
        for listener in self._listeners:
            runner = web.ServerRunner(
                web.Server(_Handler(self, listener)), shutdown_timeout=_STOP_SECONDS
            )
            await runner.setup()
            self._runners.append(runner)
            tls = self._tls if listener.secure else None
            site = web.TCPSite(runner, HOST, 0, ssl_context=tls)
            await site.start()
            self.ports[listener] = int(runner.addresses[0][1])

    async def _stop(self) -> None:
        for runner in self._runners:
            await runner.cleanup()
        if self._session is not None:
            await self._session.close()

    async def answer(
        self, listener: ListenerKey, request: "web.BaseRequest"
    ) -> "web.StreamResponse":
        """Answer a request according to the rules of the listener."""
        from aiohttp import web

        http_request = _http_request(request, listener)
        result = await asyncio.to_thread(self._decide, listener, http_request)
        match result:
            case Fixed(status, content_type, body):
                return web.Response(
                    status=status, body=body.encode(), content_type=content_type
                )
            case Redirect(status, location):
                return web.Response(status=status, headers={"Location": location})
            case Forward(groups):
                return await self._forward(listener, request, groups)

    def _decide(self, key: ListenerKey, request: HttpRequest) -> Result:
        listener = self._state.listener(key.balancer, key.port)
        if listener is None:
            return Fixed(503, body=f"the listener on port {key.port} was deleted")
        actions = matching_actions(listener.rules, listener.default, request)
        return result_of(actions, request, self._local_port(key))

    def _local_port(self, listener: ListenerKey) -> int:
        return self.ports.get(listener, listener.port)

    async def _forward(
        self,
        listener: ListenerKey,
        request: "web.BaseRequest",
        groups: Sequence[tuple[str, int]],
    ) -> "web.StreamResponse":
        from aiohttp import ClientError, ServerTimeoutError

        number = next(self._numbers)
        group = select_group(groups, number)
        addresses = (
            await asyncio.to_thread(self._state.addresses, group) if group else ()
        )
        if not addresses:
            return _error_page(503, "Service Temporarily Unavailable")
        address, port = addresses[number % len(addresses)]
        try:
            require_loopback(address)
            return await self._proxy(listener, request, f"http://{address}:{port}")
        except ServerTimeoutError:
            return _error_page(504, "Gateway Time-out")
        except (ClientError, NotLoopbackError, OSError):
            return _error_page(502, "Bad Gateway")

    async def _proxy(
        self, listener: ListenerKey, request: "web.BaseRequest", target: str
    ) -> "web.StreamResponse":
        """Stream the target's response; raise only before anything was sent."""
        from aiohttp import ClientError, web
        from yarl import URL

        if self._session is None:
            msg = "the load balancer is not started"
            raise RuntimeError(msg)
        body = request.content if request.body_exists else None
        async with self._session.request(
            request.method,
            URL(target + request.raw_path, encoded=True),
            headers=forwarded_headers(request.headers, request.remote or "", listener),
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
                # The status is sent already; only a closed connection shows the error.
                if request.transport is not None:
                    request.transport.close()
                return response
            await response.write_eof()
            return response


@dataclass(frozen=True, slots=True)
class _Handler:
    """Request handler of one listener."""

    balancers: EmulatedLoadBalancers
    listener: ListenerKey

    async def __call__(self, request: "web.BaseRequest") -> "web.StreamResponse":
        return await self.balancers.answer(self.listener, request)


def forwarded_headers(
    headers: Mapping[str, str], client: str, listener: ListenerKey
) -> list[tuple[str, str]]:
    """Return the headers of the forwarded request.

    As in Application Load Balancers, the client's address is appended, protocol and
    port are those of the listener, and Host does not change.
    """
    previous = headers.get("X-Forwarded-For")
    forwarded = [
        (name, value)
        for name, value in headers.items()
        if name.lower() not in _HOP_BY_HOP | _REPLACED
    ]
    return [
        *forwarded,
        ("X-Forwarded-For", f"{previous}, {client}" if previous else client),
        ("X-Forwarded-Proto", "https" if listener.secure else "http"),
        ("X-Forwarded-Port", str(listener.port)),
    ]


def _http_request(request: "web.BaseRequest", listener: ListenerKey) -> HttpRequest:
    headers = {name.lower(): value for name, value in request.headers.items()}
    path, _, query = request.raw_path.partition("?")
    return HttpRequest(
        host=(request.host or "").partition(":")[0],
        path=path,
        method=request.method,
        query=query,
        source=request.remote or HOST,
        headers={**headers, ":scheme": "https" if listener.secure else "http"},
    )


def _error_page(status: int, phrase: str) -> "web.Response":
    """Return the error page of Application Load Balancers."""
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
