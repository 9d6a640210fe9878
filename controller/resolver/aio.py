"""Resolver for aiohttp; host header, SNI and certificate check still use the name."""

import asyncio
import socket
from collections.abc import Callable, Collection
from contextlib import suppress
from ipaddress import ip_address

from aiohttp import BaseConnector
from aiohttp.abc import AbstractResolver, ResolveResult

from controller.core.dns.answers import canonical_host
from controller.core.errors import ControllerError
from controller.resolver.names import Names


class AddressResolver(AbstractResolver):
    """Adapter that gives aiohttp the addresses of a ``Resolver``.

    Use it with ``use_dns_cache=False``: the resolver caches already. aiohttp tries the
    addresses one after another (Happy Eyeballs).
    """

    def __init__(self, names: Names, closed: Callable[[], None] = lambda: None) -> None:
        """Initialize the adapter.

        Args:
            names: Resolver; it may be shared.
            closed: Called when the adapter is closed.
        """
        self._names = names
        self._closed = closed

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,
    ) -> list[ResolveResult]:
        """Return every address of ``host`` in ``family``, best first."""
        try:
            found = await self._names.resolve_async(host)
        except ControllerError as error:
            raise socket.gaierror(socket.EAI_NONAME, str(error)) from error
        results = [_result(host, port, address) for address in found.addresses]
        return [r for r in results if family in {socket.AF_UNSPEC, r["family"]}]

    def close_vanished(self, connector: BaseConnector) -> None:
        """Close idle connections of ``connector`` to addresses that DNS gives up.

        Call it once for a connector, in its event loop.
        """
        loop = asyncio.get_running_loop()

        def changed(host: str, addresses: tuple[str, ...]) -> None:
            # A loop that is closed has no connections.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(_close_idle, connector, host, addresses)

        self._names.on_change(changed)

    async def close(self) -> None:
        """Call ``closed`` only: the resolver may be shared."""
        self._closed()


def _close_idle(
    connector: BaseConnector, host: str, addresses: Collection[str]
) -> None:
    """Close the pooled connections to ``host`` at other addresses.

    aiohttp pools by name and offers no way to choose connections.
    """
    for key, pooled in connector._conns.items():  # noqa: SLF001 - no public access
        if canonical_host(key.host) != host:
            continue
        for protocol, _ in pooled:
            transport = protocol.transport
            peer = transport and transport.get_extra_info("peername")
            # A closed one is left out when the pool is asked for a connection.
            if transport is not None and peer and peer[0] not in addresses:
                transport.close()


def _result(host: str, port: int, address: str) -> ResolveResult:
    is_ipv6 = ip_address(address).version == 6  # noqa: PLR2004 - the number is its name
    return ResolveResult(
        hostname=host,
        host=address,
        port=port,
        family=socket.AF_INET6 if is_ipv6 else socket.AF_INET,
        proto=socket.IPPROTO_TCP,
        flags=socket.AI_NUMERICHOST,
    )
