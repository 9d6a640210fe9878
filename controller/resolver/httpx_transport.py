"""Transport for httpx that connects to resolved addresses instead of names.

Host header, SNI and certificate check still use the name. Connections are pooled by name
and address; those to an address that the name no longer has are closed.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import httpx

from controller.core.dns.answers import canonical_host
from controller.core.errors import ControllerError
from controller.resolver.names import Names

_Key = tuple[str, str]


class ResolverTransport(httpx.BaseTransport):
    """Transport of a client for any number of hosts.

    Args:
        names: Resolver.
        new_transport: Returns the transport for the connections to one address; default:
            one that checks certificates against the authorities of the machine.
    """

    def __init__(
        self,
        names: Names,
        new_transport: Callable[[], httpx.BaseTransport] = httpx.HTTPTransport,
    ) -> None:
        self._names = names
        self._new_transport = new_transport
        self._lock = threading.Lock()
        self._pools: dict[_Key, _Pool] = {}
        names.on_change(self._changed)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send ``request`` to the first address that accepts a connection."""
        name = request.url.host
        tried: list[str] = []
        refused: httpx.TransportError | None = None
        addresses = self._addresses(name, request)
        while addresses:
            for address in addresses:
                tried.append(address)
                try:
                    return self._sent(request, name, address)
                except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                    refused = error
                    self._names.avoid(name, address)
            addresses = self._names.moved(name, tried)
        raise refused or httpx.ConnectError(f"{name} has no address", request=request)

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            pools, self._pools = tuple(self._pools.values()), {}
        for pool in pools:
            pool.transport.close()

    def _sent(self, request: httpx.Request, name: str, address: str) -> httpx.Response:
        pool = self._begin(name, address)
        try:
            response = pool.transport.handle_request(_addressed(request, name, address))
        except BaseException:
            self._end(pool)
            raise
        # httpx's own streams are of this type in a synchronous client.
        stream = response.stream
        if not isinstance(stream, httpx.SyncByteStream):
            self._end(pool)
            return response
        response.stream = _EndingStream(stream, lambda: self._end(pool))
        return response

    def _begin(self, name: str, address: str) -> "_Pool":
        key = (canonical_host(name), address)
        with self._lock:
            pool = self._pools.get(key)
            if pool is None:
                pool = self._pools[key] = _Pool(self._new_transport())
            pool.requests += 1
            return pool

    def _end(self, pool: "_Pool") -> None:
        with self._lock:
            pool.requests -= 1
            closes = pool.is_vanished and not pool.requests
        if closes:
            pool.transport.close()

    def _changed(self, host: str, addresses: tuple[str, ...]) -> None:
        """Close the pools of vanished addresses, now or after their last request."""
        with self._lock:
            vanished = [
                key for key in self._pools if key[0] == host and key[1] not in addresses
            ]
            pools = [self._pools.pop(key) for key in vanished]
            for pool in pools:
                pool.is_vanished = True
            idle = [pool for pool in pools if not pool.requests]
        for pool in idle:
            pool.transport.close()

    def _addresses(self, name: str, request: httpx.Request) -> Sequence[str]:
        """Return the addresses of ``name``.

        A name that does not resolve is a ConnectError: a NotFoundError would look like
        the server's own response.
        """
        try:
            return self._names.resolve(name).addresses
        except ControllerError as error:
            raise httpx.ConnectError(str(error), request=request) from error


@dataclass(slots=True)
class _Pool:
    """Connections to one address of one name.

    Attributes:
        transport: Transport with the connections.
        requests: Number of requests whose response is not closed.
        is_vanished: True if the name no longer has the address.
    """

    transport: httpx.BaseTransport
    requests: int = 0
    is_vanished: bool = False


class _EndingStream(httpx.SyncByteStream):
    """Body of a response that reports its end once."""

    def __init__(self, stream: httpx.SyncByteStream, ended: Callable[[], None]) -> None:
        self._stream = stream
        self._ended: Callable[[], None] | None = ended

    def __iter__(self) -> Iterator[bytes]:
        yield from self._stream

    def close(self) -> None:
        """Close the stream."""
        try:
            self._stream.close()
        finally:
            ended, self._ended = self._ended, None
            if ended is not None:
                ended()


def _addressed(request: httpx.Request, name: str, address: str) -> httpx.Request:
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": name},
    )
