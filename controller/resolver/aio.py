"""Resolver for aiohttp; host header, SNI and certificate check still use the name."""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address

from aiohttp.abc import AbstractResolver, ResolveResult

from controller.core.errors import ControllerError
from controller.resolver.resolver import Resolver

# A name whose servers do not answer occupies a thread until the timeout of the query.
_THREADS = 32


class AddressResolver(AbstractResolver):
    """Adapter that gives aiohttp the addresses of a ``Resolver``.

    Use it with ``use_dns_cache=False``: the resolver caches already. Queries run in
    threads of its own, one per name, so that a name server that does not answer holds
    up no other work.
    """

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._threads = ThreadPoolExecutor(_THREADS, "dns")
        self._queries: dict[str, asyncio.Future[tuple[str, ...]]] = {}

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,
    ) -> list[ResolveResult]:
        """Return every address of ``host`` in ``family``, best first."""
        try:
            addresses = await asyncio.shield(self._query(host))
        except ControllerError as error:
            raise socket.gaierror(socket.EAI_NONAME, str(error)) from error
        results = [_result(host, port, address) for address in addresses]
        return [r for r in results if family in {socket.AF_UNSPEC, r["family"]}]

    def _query(self, host: str) -> "asyncio.Future[tuple[str, ...]]":
        """Return the query for ``host`` in progress, or begin one."""
        query = self._queries.get(host)
        if query is None:
            loop = asyncio.get_running_loop()
            query = loop.run_in_executor(self._threads, self._resolver.addresses, host)
            self._queries[host] = query
            query.add_done_callback(lambda done: self._ended(host, done))
        return query

    def _ended(self, host: str, query: "asyncio.Future[tuple[str, ...]]") -> None:
        del self._queries[host]
        if not query.cancelled():
            # Marks the error as seen, should no caller be left.
            query.exception()

    async def close(self) -> None:
        """End the threads once their queries end; the resolver itself is shared."""
        self._threads.shutdown(wait=False)


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
