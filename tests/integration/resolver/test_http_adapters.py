"""httpx, aiohttp and requests connect to addresses of the resolver, with the name.

Two real TLS servers on two loopback addresses, with the same port.
"""

import asyncio
import http.server
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import aiohttp
import httpx
import pytest
import requests
import trustme

from controller.bootstrap.controller import NoFallbacks
from controller.core.dns.answers import Found
from controller.core.errors import NotFoundError
from controller.resolver import Resolver
from controller.resolver.aio import AddressResolver
from controller.resolver.httpx_transport import (
    AsyncResolverTransport,
    ResolverTransport,
)
from controller.resolver.requests_adapter import ResolverAdapter
from tests.fakes.stopped_clock import StoppedClock

HOST = "mlflow.test"
FIRST, SECOND, DEAD = "127.0.0.1", "127.0.0.2", "127.0.0.3"


@dataclass
class Site:
    """The servers, and what they saw.

    Attributes:
        seen: Address of the server, Host header and SNI of each request.
        closed: Set for each address when a client closes a connection to it.
    """

    port: int = 0
    authority: trustme.CA = field(default_factory=trustme.CA)
    seen: list[tuple[str, str, str]] = field(default_factory=list)
    connections: list[str] = field(default_factory=list)
    closed: dict[str, threading.Event] = field(
        default_factory=lambda: {FIRST: threading.Event(), SECOND: threading.Event()}
    )

    def context(self):
        context = ssl.create_default_context()
        self.authority.configure_trust(context)
        return context


def served(site, address, certificate):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self):
            super().setup()
            site.connections.append(address)

        def finish(self):
            super().finish()
            site.closed[address].set()

        def do_GET(self):
            host = self.headers["host"].partition(":")[0]
            site.seen.append((address, host, getattr(self.connection, "sni", "")))
            self.send_response(200)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_):
            pass

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, *_):
            """Stay silent: a client may refuse the certificate."""

    server = Server((address, site.port), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    site.authority.issue_cert(certificate).configure_cert(context)

    def named(connection, name, _context):
        connection.sni = name

    context.sni_callback = named
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    site.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    servers = [served(site, address, HOST) for address in (FIRST, SECOND)]
    yield site
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def names():
    return Script(FIRST)


class Script(Resolver):
    """Resolver with the addresses that a test sets."""

    def __init__(self, *addresses):
        self.now = addresses
        self.clock = StoppedClock()
        super().__init__(
            NoFallbacks(),
            self.clock,
            query=lambda _host: Found(tuple(self.now), 60),
            spawn=lambda work: work(),
        )

    def move(self, *addresses):
        self.now = addresses
        self.refresh(HOST)


class Httpx:
    def __init__(self, names, context):
        transport = ResolverTransport(names, lambda: httpx.HTTPTransport(context))
        self.client = httpx.Client(transport=transport)

    def get(self, url):
        return self.client.get(url).status_code

    def close(self):
        self.client.close()


class Looped:
    """Client in an event loop of its own thread."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

    def close(self):
        self.run(self.ended())
        self.loop.call_soon_threadsafe(self.loop.stop)


class AsyncHttpx(Looped):
    def __init__(self, names, context):
        super().__init__()
        transport = AsyncResolverTransport(
            names, lambda: httpx.AsyncHTTPTransport(context)
        )
        self.client = httpx.AsyncClient(transport=transport)

    def get(self, url):
        return self.run(self.client.get(url)).status_code

    async def ended(self):
        await self.client.aclose()


class Aiohttp(Looped):
    def __init__(self, names, context):
        super().__init__()
        self.run(self.opened(names, context))

    async def opened(self, names, context):
        resolver = AddressResolver(names)
        connector = aiohttp.TCPConnector(
            resolver=resolver, use_dns_cache=False, ssl=context, keepalive_timeout=60
        )
        resolver.close_vanished(connector)
        self.session = aiohttp.ClientSession(connector=connector)

    def get(self, url):
        async def got():
            async with self.session.get(url) as response:
                await response.read()
                return response.status

        return self.run(got())

    async def ended(self):
        await self.session.close()


class Requests:
    def __init__(self, names, context):
        class Trusting(ResolverAdapter):
            def init_poolmanager(self, *args, **options):
                super().init_poolmanager(*args, ssl_context=context, **options)

        self.session = requests.Session()
        self.session.trust_env = False
        self.session.mount("https://", Trusting(names))

    def get(self, url):
        return self.session.get(url, timeout=10, verify=True).status_code

    def close(self):
        self.session.close()


CLIENTS = [Httpx, AsyncHttpx, Aiohttp, Requests]
every_client = pytest.mark.parametrize("client", CLIENTS)


@pytest.fixture
def connected(site):
    """Return a client on a resolver; it is closed after the test."""
    opened = []

    def connect(client, names):
        opened.append(client(names, site.context()))
        return opened[-1]

    yield connect
    for one in opened:
        one.close()


@every_client
def test_the_name_stays_in_host_and_sni(site, names, connected, client):
    assert connected(client, names).get(f"https://{HOST}:{site.port}/") == 200

    assert site.seen == [(FIRST, HOST, HOST)]


@every_client
def test_the_certificate_is_checked_for_the_name(site, names, connected, client):
    http = connected(client, names)

    with pytest.raises(
        (httpx.ConnectError, aiohttp.ClientError, requests.exceptions.SSLError),
        match=r"(?i)certificate",
    ):
        http.get(f"https://other.test:{site.port}/")

    assert site.seen == []


@every_client
def test_the_next_address_is_tried(site, connected, client):
    http = connected(client, Script(DEAD, SECOND))

    assert http.get(f"https://{HOST}:{site.port}/") == 200
    assert [address for address, *_ in site.seen] == [SECOND]


@pytest.mark.parametrize("client", [Httpx, AsyncHttpx, Requests])
def test_a_moved_server_is_found_at_once(site, connected, client):
    names = Script(DEAD)
    http = connected(client, names)
    names.resolve(HOST)
    names.now = (SECOND,)
    names.clock.forward(2)

    assert http.get(f"https://{HOST}:{site.port}/") == 200
    assert [address for address, *_ in site.seen] == [SECOND]


@every_client
def test_a_connection_is_used_again_while_its_address_remains(
    site, names, connected, client
):
    http = connected(client, names)
    http.get(f"https://{HOST}:{site.port}/")
    names.move(SECOND, FIRST)

    http.get(f"https://{HOST}:{site.port}/")

    assert [address for address, *_ in site.seen] == [FIRST, SECOND] or (
        site.connections == [FIRST]
    )
    assert not site.closed[FIRST].is_set()


@every_client
def test_an_idle_connection_to_a_vanished_address_is_closed(
    site, names, connected, client
):
    http = connected(client, names)
    http.get(f"https://{HOST}:{site.port}/")
    names.move(SECOND)

    http.get(f"https://{HOST}:{site.port}/")

    assert [address for address, *_ in site.seen] == [FIRST, SECOND]
    assert site.closed[FIRST].wait(5)
    assert not site.closed[SECOND].is_set()


def test_a_response_is_read_to_its_end_although_its_address_vanished(
    site, names, connected
):
    http = connected(Httpx, names)
    with http.client.stream("GET", f"https://{HOST}:{site.port}/") as response:
        names.move(SECOND)

        assert response.read() == b"ok"

    assert site.closed[FIRST].wait(5)


@every_client
def test_a_name_without_an_address_is_an_error_of_the_library(connected, client, site):
    class Nowhere(Script):
        def _begin(self, host):
            message = f"{host} does not resolve"
            raise NotFoundError(message)

    http = connected(client, Nowhere())

    with pytest.raises(
        (httpx.ConnectError, aiohttp.ClientConnectorError, requests.ConnectionError),
        match="does not resolve",
    ):
        http.get(f"https://{HOST}:{site.port}/")
