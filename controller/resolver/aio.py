"""Resolver for aiohttp; host header, SNI and certificate check still use the name."""

import asyncio
import socket
from ipaddress import ip_address

from aiohttp.abc import AbstractResolver, ResolveResult

from controller.core.errors import ControllerError
from controller.resolver.resolver import Resolver


class AddressResolver(AbstractResolver):
    """Adapter that gives aiohttp the addresses of a ``Resolver``.

    Use it with ``use_dns_cache=False``: the resolver caches already.
    """

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,
    ) -> list[ResolveResult]:
        """Return every address of ``host`` in ``family``, best first."""
        try:
            addresses = await asyncio.to_thread(self._resolver.addresses, host)
        except ControllerError as error:
            raise socket.gaierror(socket.EAI_NONAME, str(error)) from error
        results = [_result(host, port, address) for address in addresses]
        return [r for r in results if family in {socket.AF_UNSPEC, r["family"]}]

    async def close(self) -> None:
        """Do nothing: the resolver is shared and holds no connections."""


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
