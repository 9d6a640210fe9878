"""The resolver for aiohttp: host, SNI and certificate checks stay the name's."""

import asyncio
import socket
from ipaddress import ip_address

from aiohttp.abc import AbstractResolver, ResolveResult

from controller.core.errors import ControllerError
from controller.resolver.resolver import Resolver


class AddressResolver(AbstractResolver):
    """Hands aiohttp the addresses that the resolver gives.

    Turn aiohttp's own cache off beside it: ``use_dns_cache=False``.
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
        """Do nothing: the resolver is shared and keeps no connections."""


def _result(host: str, port: int, address: str) -> ResolveResult:
    six = ip_address(address).version == 6  # noqa: PLR2004 - the number is its name
    return ResolveResult(
        hostname=host,
        host=address,
        port=port,
        family=socket.AF_INET6 if six else socket.AF_INET,
        proto=socket.IPPROTO_TCP,
        flags=socket.AI_NUMERICHOST,
    )
