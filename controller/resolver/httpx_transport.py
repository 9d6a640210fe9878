"""Transports for httpx that connect to resolved addresses instead of names.

Host header, SNI and certificate check still use the name. Connections are pooled by name
and address; those to an address that the name no longer has are closed.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

import httpx

from controller.core.dns.answers import canonical_host
from controller.core.errors import ControllerError
from controller.resolver.names import Names

_REFUSED = (httpx.ConnectError, httpx.ConnectTimeout)
TransportT = TypeVar("TransportT", httpx.BaseTransport, httpx.AsyncBaseTransport)


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
        self._pools = _Pools(new_transport)
        names.on_change(self._changed)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send ``request`` to the first address that accepts a connection."""
        name = request.url.host
        tried: list[str] = []
        refused: httpx.TransportError | None = None
        try:
            addresses = self._names.resolve(name).addresses
        except ControllerError as error:
            raise _unresolved(error, request) from error
        while addresses:
            for address in addresses:
                tried.append(address)
                try:
                    return self._sent(request, name, address)
                except _REFUSED as error:
                    refused = error
                    self._names.avoid(name, address)
            addresses = self._names.moved(name, tried)
        raise refused or httpx.ConnectError(f"{name} has no address", request=request)

    def close(self) -> None:
        """Close the connections."""
        for pool in self._pools.removed(lambda _host, _address: True):
            pool.transport.close()

    def _sent(self, request: httpx.Request, name: str, address: str) -> httpx.Response:
        pool = self._pools.begin(name, address)
        try:
            response = pool.transport.handle_request(_addressed(request, name, address))
        except BaseException:
            self._end(pool)
            raise
        response.stream = _EndingStream(response.stream, lambda: self._end(pool))
        return response

    def _end(self, pool: "_Pool[httpx.BaseTransport]") -> None:
        if self._pools.end(pool):
            pool.transport.close()

    def _changed(self, host: str, addresses: tuple[str, ...]) -> None:
        """Close the pools of vanished addresses, now or after their last request."""
        for pool in self._pools.vanished(host, addresses):
            pool.transport.close()


class AsyncResolverTransport(httpx.AsyncBaseTransport):
    """Transport of an asynchronous client for any number of hosts.

    Args:
        names: Resolver.
        new_transport: Returns the transport for the connections to one address.
    """

    def __init__(
        self,
        names: Names,
        new_transport: Callable[
            [], httpx.AsyncBaseTransport
        ] = httpx.AsyncHTTPTransport,
    ) -> None:
        self._names = names
        self._pools = _Pools(new_transport)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing: set[asyncio.Task[None]] = set()
        names.on_change(self._changed)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send ``request`` to the first address that accepts a connection."""
        self._loop = asyncio.get_running_loop()
        name = request.url.host
        tried: list[str] = []
        refused: httpx.TransportError | None = None
        try:
            addresses = (await self._names.resolve_async(name)).addresses
        except ControllerError as error:
            raise _unresolved(error, request) from error
        while addresses:
            for address in addresses:
                tried.append(address)
                try:
                    return await self._sent(request, name, address)
                except _REFUSED as error:
                    refused = error
                    self._names.avoid(name, address)
            addresses = await asyncio.to_thread(self._names.moved, name, tried)
        raise refused or httpx.ConnectError(f"{name} has no address", request=request)

    async def aclose(self) -> None:
        """Close the connections."""
        for pool in self._pools.removed(lambda _host, _address: True):
            await pool.transport.aclose()
        await asyncio.gather(*self._closing)

    async def _sent(
        self, request: httpx.Request, name: str, address: str
    ) -> httpx.Response:
        pool = self._pools.begin(name, address)
        try:
            response = await pool.transport.handle_async_request(
                _addressed(request, name, address)
            )
        except BaseException:
            await self._end(pool)
            raise
        response.stream = _AsyncEndingStream(response.stream, lambda: self._end(pool))
        return response

    async def _end(self, pool: "_Pool[httpx.AsyncBaseTransport]") -> None:
        if self._pools.end(pool):
            await pool.transport.aclose()

    def _changed(self, host: str, addresses: tuple[str, ...]) -> None:
        # A loop that is closed has no connections.
        if self._loop is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._close_vanished, host, addresses)

    def _close_vanished(self, host: str, addresses: tuple[str, ...]) -> None:
        for pool in self._pools.vanished(host, addresses):
            task = asyncio.ensure_future(pool.transport.aclose())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)


@dataclass(slots=True, eq=False)
class _Pool(Generic[TransportT]):
    """Connections to one address of one name.

    Attributes:
        transport: Transport with the connections.
        requests: Number of requests whose response is not closed.
        is_vanished: True if the name no longer has the address.
    """

    transport: TransportT
    requests: int = 0
    is_vanished: bool = False


class _Pools(Generic[TransportT]):
    """Pools by name and address. Thread-safe."""

    def __init__(self, new_transport: Callable[[], TransportT]) -> None:
        self._new_transport: Callable[[], TransportT] = new_transport
        self._lock = threading.Lock()
        self._pools: dict[tuple[str, str], _Pool[TransportT]] = {}

    def begin(self, name: str, address: str) -> _Pool[TransportT]:
        """Return the pool of ``address``, and count a request."""
        key = (canonical_host(name), address)
        with self._lock:
            pool = self._pools.get(key)
            if pool is None:
                pool = self._pools[key] = _Pool(self._new_transport())
            pool.requests += 1
            return pool

    def end(self, pool: _Pool[TransportT]) -> bool:
        """Count the end of a request; return True if the pool is to be closed."""
        with self._lock:
            pool.requests -= 1
            return pool.is_vanished and not pool.requests

    def vanished(
        self, host: str, addresses: tuple[str, ...]
    ) -> list[_Pool[TransportT]]:
        """Remove the pools of other addresses of ``host``; return the idle ones."""
        pools = self.removed(lambda h, address: h == host and address not in addresses)
        with self._lock:
            for pool in pools:
                pool.is_vanished = True
            return [pool for pool in pools if not pool.requests]

    def removed(self, chosen: Callable[[str, str], bool]) -> list[_Pool[TransportT]]:
        """Remove and return the pools of the ``chosen`` hosts and addresses."""
        with self._lock:
            keys = [key for key in self._pools if chosen(*key)]
            return [self._pools.pop(key) for key in keys]


class _EndingStream(httpx.SyncByteStream):
    """Body of a response that reports its end once."""

    def __init__(
        self,
        stream: httpx.SyncByteStream | httpx.AsyncByteStream,
        ended: Callable[[], None],
    ) -> None:
        if not isinstance(stream, httpx.SyncByteStream):
            msg = "the transport for one address must be synchronous"
            raise TypeError(msg)
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


class _AsyncEndingStream(httpx.AsyncByteStream):
    """Body of a response that reports its end once, asynchronously."""

    def __init__(
        self,
        stream: httpx.SyncByteStream | httpx.AsyncByteStream,
        ended: Callable[[], Coroutine[object, object, None]],
    ) -> None:
        if not isinstance(stream, httpx.AsyncByteStream):
            msg = "the transport for one address must be asynchronous"
            raise TypeError(msg)
        self._stream = stream
        self._ended: Callable[[], Coroutine[object, object, None]] | None = ended

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            yield part

    async def aclose(self) -> None:
        """Close the stream."""
        try:
            await self._stream.aclose()
        finally:
            ended, self._ended = self._ended, None
            if ended is not None:
                await ended()


def _unresolved(error: ControllerError, request: httpx.Request) -> httpx.ConnectError:
    """Return the error of a name that does not resolve.

    A NotFoundError would look like the server's own response.
    """
    return httpx.ConnectError(str(error), request=request)


def _addressed(request: httpx.Request, name: str, address: str) -> httpx.Request:
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": name},
    )
