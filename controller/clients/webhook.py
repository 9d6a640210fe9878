"""Webhook sender with one deadline per request and without redirects.

It connects only to addresses that the policy of the target permits. The check is made
on the address that a socket connects to, so that neither a literal address nor a second
DNS answer avoids it; SNI and the check of the certificate use the name.
"""

import asyncio
import functools
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Self, TypeAlias
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler

from controller.clients.client_certificate import load_certificate
from controller.clients.post_pool import Destination, InvalidResponseError, PostPool
from controller.core.clock import Clock
from controller.core.values.redact import redact
from controller.core.webhooks.address_policy import PUBLIC_ADDRESSES, AddressPolicy
from controller.core.webhooks.answers import Answer, Answered, NotPermitted, Unanswered
from controller.core.webhooks.target_secrets import ClientCertificate
from controller.resolver.aio import AddressResolver

_CONNECT_SECONDS = 5.0
# The dispatcher limits the requests to each target: a limit for all would let targets
# that hang delay the others.
_UNLIMITED = 0
# Seconds without a request after which the connections with a replaced certificate end.
_RETIREMENT = 60.0
_MAX_RETRY_AFTER = 900.0
_IPV6 = 6
# The port has no effect on the choice of a source address.
_ANY_PORT = 9
_PRIVATE_SUFFIXES = (".local", ".localhost")
_Connections: TypeAlias = tuple[AddressPolicy, ClientCertificate | None]


@dataclass(frozen=True, slots=True)
class _Route:
    """Connections for the requests to one URL.

    Attributes:
        permitted: Addresses that the target permits.
        certificate: Client certificate.
        key: Key of the pool.
        pool: Connections, which other URLs may share.
        destination: Prepared URL.
    """

    permitted: AddressPolicy
    certificate: ClientCertificate | None
    key: _Connections
    pool: PostPool
    destination: Destination

    def serves(
        self, permitted: AddressPolicy, certificate: ClientCertificate | None
    ) -> bool:
        """Return True if its connections may be used with these settings."""
        return (self.permitted is permitted or self.permitted == permitted) and (
            self.certificate is certificate or self.certificate == certificate
        )


class Sender:
    """HTTP client for webhooks, created, used and closed in one event loop.

    Args:
        clock: Clock for a ``Retry-After`` that is a date.
        resolver: Resolver of host names; None for that of the machine.
        new_tls: Returns a context with the trusted certificates, by default those of
            the machine.
        retirement: Seconds without a request after which the connections of a target
            are closed that has another client certificate, or other addresses.
        own_ports: Ports that the controller listens on; nothing is sent to them on this
            machine.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        resolver: AbstractResolver | None = None,
        new_tls: Callable[[], ssl.SSLContext] = ssl.create_default_context,
        own_ports: frozenset[int] = frozenset(),
        retirement: float = _RETIREMENT,
    ) -> None:
        self._clock = clock
        self._retirement = retirement
        self._own_ports = own_ports
        self._resolver = resolver or aiohttp.DefaultResolver()
        self._new_tls = new_tls
        self._pools: dict[_Connections, PostPool] = {}
        self._routes: dict[str, _Route] = {}
        self._retirements: dict[_Connections, asyncio.Task[None]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()

    async def send(
        self,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        within: float,
        permitted: AddressPolicy = PUBLIC_ADDRESSES,
        certificate: ClientCertificate | None = None,
    ) -> Answer:
        """Post ``body`` and return the answer received ``within`` seconds.

        Never raises for a failure of the network or the receiver. A redirect is
        returned as an answer and not followed: the signature is for one receiver.

        Args:
            url: URL of the receiver.
            headers: Headers of the request.
            body: Bytes to send.
            within: Seconds for all of it: DNS, connection, TLS, request and response.
            permitted: Addresses to connect to; of these, plain HTTP only uses declared
                networks.
            certificate: Client certificate; raises PermanentError if it cannot be used.
        """
        if reason := refusal_reason(url):
            return NotPermitted(reason)
        sent: list[bool] = []
        try:
            route = self._route(url, permitted, certificate)
            async with asyncio.timeout(within):
                response = await route.pool.post(route.destination, headers, body, sent)
        except TimeoutError:
            return Unanswered(f"no answer within {within:g} s", bool(sent))
        except InvalidResponseError as error:
            return Unanswered(redact(str(error), ()), is_sent=True)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if isinstance(error.__cause__, _AddressDeniedError):
                return NotPermitted(str(error.__cause__))
            reason = redact(f"{type(error).__name__}: {error}", ())
            return Unanswered(reason, bool(sent))
        wait = response.retry_after and self._retry_after(response.retry_after)
        return Answered(response.status, wait or None)

    async def close(self) -> None:
        """Close the connections and the resolver."""
        for retirement in self._retirements.values():
            retirement.cancel()
        for pool in self._pools.values():
            await pool.close()
        await self._resolver.close()

    def _route(
        self,
        url: str,
        permitted: AddressPolicy,
        certificate: ClientCertificate | None,
    ) -> _Route:
        """Return the connections for ``url``, looked up by its last settings."""
        before = self._routes.get(url)
        if before is not None and before.serves(permitted, certificate):
            return before
        is_plain = urlsplit(url).scheme == "http"
        key = (permitted.internal_only() if is_plain else permitted), certificate
        destination = Destination(url)
        route = _Route(permitted, certificate, key, self._pool(key), destination)
        self._routes[url] = route
        if before is not None and before.key not in self._retirements:
            self._retirements[before.key] = asyncio.create_task(
                self._retire(before.key)
            )
        return route

    def _pool(self, key: _Connections) -> PostPool:
        """Return the connections with these settings.

        A connection is reused for the same name, so targets with different policies or
        certificates share none.
        """
        pool = self._pools.get(key)
        if pool is None:
            pool = self._pools[key] = self._new_pool(*key)
        return pool

    async def _retire(self, key: _Connections) -> None:
        """Close the connections of ``key`` once they are out of use.

        Those of other targets with the same settings stay open.
        """
        pool = self._pools[key]
        await pool.wait_idle(self._retirement)
        del self._retirements[key]
        if all(route.key != key for route in self._routes.values()):
            del self._pools[key]
            await pool.close()

    def _new_pool(
        self, permitted: AddressPolicy, certificate: ClientCertificate | None
    ) -> PostPool:
        tls = self._new_tls()
        tls.minimum_version = ssl.TLSVersion.TLSv1_2
        if certificate is not None:
            load_certificate(tls, certificate)
        connector = aiohttp.TCPConnector(
            limit=_UNLIMITED,
            resolver=_PermittedAddresses(self._resolver, permitted),
            use_dns_cache=False,
            ssl=tls,
            socket_factory=functools.partial(
                _permitted_socket, permitted, self._own_ports
            ),
        )
        if isinstance(self._resolver, AddressResolver):
            self._resolver.close_vanished(connector)
        connector._factory = functools.partial(  # type: ignore[assignment]  # noqa: SLF001 - no public setting
            _HeadFirst, loop=asyncio.get_running_loop()
        )
        return PostPool(connector, _CONNECT_SECONDS)

    def _retry_after(self, text: str) -> float | None:
        """Return the seconds in a ``Retry-After`` header, at most 15 minutes."""
        if not text:
            return None
        try:
            seconds = float(text)
        except ValueError:
            try:
                at = parsedate_to_datetime(text)
                seconds = (at - self._clock.now()).total_seconds()
            except (TypeError, ValueError, OverflowError):
                return None
        return min(seconds, _MAX_RETRY_AFTER) if seconds > 0 else None


class _AddressDeniedError(OSError):
    """The policy of the target permits none of its addresses."""


class _PermittedAddresses(AbstractResolver):
    """Resolver that leaves out the addresses that a policy denies."""

    def __init__(self, resolver: AbstractResolver, permitted: AddressPolicy) -> None:
        self._resolver = resolver
        self._permitted = permitted

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,
    ) -> list[ResolveResult]:
        """Return the permitted addresses of ``host``; raises OSError without any."""
        found = await self._resolver.resolve(host, port, family)
        reasons = [
            self._permitted.denial_reason(result["host"], port) for result in found
        ]
        results = [r for r, reason in zip(found, reasons, strict=True) if not reason]
        if reasons and not results:
            msg = f"{host} has no permitted address: {'; '.join(reasons)}"
            raise _AddressDeniedError(msg)
        return results

    async def close(self) -> None:
        """Do nothing: sessions share the resolver."""


def is_own_address(text: str) -> bool:
    """Return True if ``text`` is an IP address of this machine.

    The source of a packet to an own address is that address. Nothing is sent: a UDP
    socket only chooses its source when it connects.
    """
    address = ip_address(text.partition("%")[0])
    if address.is_loopback:
        return True
    family = socket.AF_INET6 if address.version == _IPV6 else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((text, _ANY_PORT))
        except OSError:
            return False
        return str(probe.getsockname()[0]) == str(address)


def _permitted_socket(
    permitted: AddressPolicy,
    own_ports: frozenset[int],
    address: aiohttp.AddrInfoType,
) -> socket.socket:
    """Return a socket to connect to ``address``; raises OSError if it is denied."""
    family, type_, protocol, _, place = address
    host, port = str(place[0]), int(place[1])
    if reason := permitted.denial_reason(host, port):
        raise _AddressDeniedError(reason)
    if port in own_ports and is_own_address(host):
        msg = f"port {port} of {host} is a listener of the controller itself"
        raise _AddressDeniedError(msg)
    return socket.socket(family, type_, protocol)


class _HeadFirst(ResponseHandler):
    """Reader of responses that keeps the status when only the body is malformed.

    aiohttp parses a packet as a whole and discards its status if the body breaks the
    rules, as one after 204 No Content does (RFC 9112, section 6.3).
    """

    def data_received(self, data: bytes) -> None:
        while data.startswith(b"HTTP/"):
            head, end, rest = data.partition(b"\r\n\r\n")
            if not rest:
                break
            super().data_received(head + end)
            data = rest
        super().data_received(data)


@functools.lru_cache(maxsize=256)
def refusal_reason(url: str) -> str:
    """Return the reason that nothing may be sent to ``url``, or "".

    Plain HTTP is allowed only to this machine and to names outside public DNS.
    """
    parts = urlsplit(url)
    if parts.scheme == "https":
        return ""
    if parts.scheme != "http":
        scheme = f"the scheme {parts.scheme}" if parts.scheme else "no scheme"
        return f"the URL has {scheme}: use https"
    if _is_private(parts.hostname or ""):
        return ""
    return "http would send the payload unencrypted: use https"


def _is_private(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(_PRIVATE_SUFFIXES)
