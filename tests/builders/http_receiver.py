"""Receivers of webhooks on loopback sockets."""

import ssl
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network

from aiohttp import web

from controller.core.webhooks.address_policy import LOOPBACK_NETWORKS, AddressPolicy

Answering = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
# The policy of a target in the environment `local`.
LOOPBACK = AddressPolicy(LOOPBACK_NETWORKS)


@dataclass
class Receiver:
    """A server that records its requests."""

    url: str = ""
    port: int = 0
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@asynccontextmanager
async def receiver(
    answer: Answering,
    tls: ssl.SSLContext | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
):
    """Serve on ``host`` until the block ends; yield the receiver."""
    kept = Receiver()

    async def keep(request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        kept.requests.append((request.path, dict(request.headers), body))
        return await answer(request)

    server = web.Server(keep)
    runner = web.ServerRunner(server, shutdown_timeout=0.01)
    await runner.setup()
    site = web.TCPSite(runner, host, port, ssl_context=tls)
    await site.start()
    kept.port = runner.addresses[0][1]
    shown = f"[{host}]" if ":" in host else host
    kept.url = f"{'https' if tls else 'http'}://{shown}:{kept.port}/hook"
    try:
        yield kept
    finally:
        await runner.cleanup()


def answering(status: int, **headers: str) -> Answering:
    """Return a handler that answers ``status`` with ``headers``."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def answer(_request: web.BaseRequest) -> web.Response:
        return web.Response(status=status, headers=named)

    return answer


def only(*networks: str) -> AddressPolicy:
    """Return a policy that permits ``networks`` and no loopback address besides."""
    return AddressPolicy(tuple(ip_network(text) for text in networks))
