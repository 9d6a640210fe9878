"""HTTP client with deadlines, without redirects, and with chosen addresses."""

from base64 import b64encode
from collections.abc import Callable, Sequence
from ssl import SSLContext, create_default_context

import httpx

from controller.core.errors import ControllerError, RefusedError

_CONNECT_SECONDS = 3.0
_READ_SECONDS = 20.0
_CONNECTIONS = 8
# Shorter than uvicorn's 5 s, so that no request is sent on a connection being closed.
_KEEP_ALIVE_SECONDS = 3.0

Client = httpx.Client
Resolve = Callable[[str], Sequence[str]]


def http_client(
    url: str,
    *,
    resolve: Resolve | None = None,
    read_timeout: float = _READ_SECONDS,
    keep_alive: bool = True,
    context: SSLContext | None = None,
) -> httpx.Client:
    """Return a client for the server at ``url``; the caller closes it.

    Args:
        url: Scheme, host and port; each request has its own path.
        resolve: Function that returns the addresses of a host, best first.
        read_timeout: Seconds to wait for each part of a response.
        keep_alive: True to reuse connections. An MLflow with several workers answers
            40 ms later on a reused connection (Nagle's algorithm).
        context: Authorities and client certificate for TLS; None for the authorities
            of the machine.
    """
    limits = httpx.Limits(
        max_connections=_CONNECTIONS,
        max_keepalive_connections=_CONNECTIONS if keep_alive else 0,
        keepalive_expiry=_KEEP_ALIVE_SECONDS,
    )
    # Loading the certificates takes 30 ms, and plain HTTP does not need them.
    secure = httpx.URL(url).scheme == "https"
    verify = (context or create_default_context()) if secure else False
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


def bearer_header(token: str) -> dict[bytes, bytes]:
    """Return the Authorization header that sends ``token`` in UTF-8 (RFC 6750).

    White space around the token is left out: files and editors add it.

    Raises:
        RefusedError: The token contains a control character, such as a line feed.
    """
    token = token.strip()
    if not token.isprintable():
        msg = (
            "the bearer token contains a control character: set it without line breaks"
        )
        raise RefusedError(msg)
    return {b"authorization": b"Bearer " + token.encode()}


def basic_header(name: str, password: str) -> dict[bytes, bytes]:
    """Return the Authorization header for ``name`` and ``password`` in UTF-8 (RFC 7617).

    Raises:
        ValueError: The name contains a colon, or one of them a control character.
    """
    if ":" in name:
        msg = "contains a colon, which separates the name from the password"
        raise ValueError(msg)
    if not f"{name}{password}".isprintable():
        msg = "contains a control character, such as a line break"
        raise ValueError(msg)
    encoded = b64encode(f"{name}:{password}".encode())
    return {b"authorization": b"Basic " + encoded}


class AddressedTransport(httpx.BaseTransport):
    """Transport that connects to a resolved address instead of the name.

    Host header, SNI and certificate check still use the name. Connections are pooled
    by address: use one transport for one host.
    """

    def __init__(self, inner: httpx.BaseTransport, resolve: Resolve) -> None:
        self._inner = inner
        self._resolve = resolve

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send ``request`` to the first address that accepts a connection."""
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
        """Return the addresses of ``name``.

        A name that does not resolve is a ConnectError: a NotFoundError would look like
        the server's own response.
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
