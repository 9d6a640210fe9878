"""HTTP as our clients use it: deadlines, no redirects, addresses we chose."""

from collections.abc import Callable, Sequence
from ssl import create_default_context

import httpx

from controller.core.errors import ControllerError

_CONNECT_SECONDS = 3.0
_READ_SECONDS = 20.0
_CONNECTIONS = 8
# Shorter than uvicorn's 5 s, so that we never write to what it is closing.
_KEEP_ALIVE_SECONDS = 3.0

Client = httpx.Client
Resolve = Callable[[str], Sequence[str]]


def http_client(
    url: str,
    *,
    resolve: Resolve | None = None,
    read_timeout: float = _READ_SECONDS,
    keep_alive: bool = True,
) -> httpx.Client:
    """Return a client for the one server at ``url``, to be shared and closed.

    Args:
        url: Scheme, host and port; paths are given with each request.
        resolve: Returns the addresses of a host, the best first.
        read_timeout: Seconds to wait for each part of an answer.
        keep_alive: Whether connections are used again. Several workers of one
            MLflow answer 40 ms later on a connection that is (Nagle's delay).
    """
    limits = httpx.Limits(
        max_connections=_CONNECTIONS,
        max_keepalive_connections=_CONNECTIONS if keep_alive else 0,
        keepalive_expiry=_KEEP_ALIVE_SECONDS,
    )
    # Loading the certificates takes 30 ms, which plain HTTP need not pay.
    secure = httpx.URL(url).scheme == "https"
    verify = create_default_context() if secure else False
    transport: httpx.BaseTransport = httpx.HTTPTransport(verify=verify, limits=limits)
    if resolve is not None:
        transport = AddressedTransport(transport, resolve)
    return httpx.Client(
        base_url=url,
        transport=transport,
        timeout=httpx.Timeout(read_timeout, connect=_CONNECT_SECONDS),
        follow_redirects=False,
        trust_env=False,
    )


class AddressedTransport(httpx.BaseTransport):
    """Connects to an address while host, SNI and certificate stay the name's.

    Connections are kept by address: use one transport for one host.
    """

    def __init__(self, inner: httpx.BaseTransport, resolve: Resolve) -> None:
        self._inner = inner
        self._resolve = resolve

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send ``request`` to the first address that can be connected to."""
        name = request.url.host
        refused: httpx.TransportError | None = None
        for address in self._addresses(name, request):
            try:
                return self._inner.handle_request(_addressed(request, name, address))
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                refused = error
        raise refused or httpx.ConnectError(f"{name} has no address", request=request)

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()

    def _addresses(self, name: str, request: httpx.Request) -> Sequence[str]:
        """Return where to connect; a name that leads nowhere is a connection lost.

        Passed on as it is, "not found" would read as the server's own answer.
        """
        try:
            return self._resolve(name)
        except ControllerError as error:
            raise httpx.ConnectError(str(error), request=request) from error


def _addressed(request: httpx.Request, name: str, address: str) -> httpx.Request:
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": name},
    )
