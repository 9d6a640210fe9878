"""HTTP client with deadlines, without redirects, and with chosen addresses."""

from base64 import b64encode
from ssl import SSLContext, create_default_context

import httpx

from controller.core.errors import RefusedError
from controller.resolver.httpx_transport import (
    AsyncResolverTransport,
    ResolverTransport,
)
from controller.resolver.names import Names

_CONNECT_SECONDS = 3.0
_READ_SECONDS = 20.0
_CONNECTIONS = 8
# Shorter than uvicorn's 5 s, so that no request is sent on a connection being closed.
_KEEP_ALIVE_SECONDS = 3.0

Client = httpx.Client


def http_client(
    url: str,
    *,
    names: Names | None = None,
    read_timeout: float = _READ_SECONDS,
    keep_alive: bool = True,
    context: SSLContext | None = None,
) -> httpx.Client:
    """Return a client for the server at ``url``; the caller closes it.

    Args:
        url: Scheme, host and port; each request has its own path.
        names: Resolver; None for that of the machine.
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
    verify = _verification(url, context)

    def new_transport() -> httpx.BaseTransport:
        return httpx.HTTPTransport(verify=verify, limits=limits)

    transport = (
        new_transport() if names is None else ResolverTransport(names, new_transport)
    )
    return httpx.Client(
        base_url=url,
        transport=transport,
        timeout=httpx.Timeout(read_timeout, connect=_CONNECT_SECONDS),
        follow_redirects=False,
        trust_env=False,
    )


def async_http_client(
    url: str, names: Names, context: SSLContext | None = None
) -> httpx.AsyncClient:
    """Return a client without deadlines, for one request under a deadline of its caller.

    Args:
        url: Scheme, host and port.
        names: Resolver.
        context: As for ``http_client``.
    """
    verify = _verification(url, context)

    def new_transport() -> httpx.AsyncBaseTransport:
        return httpx.AsyncHTTPTransport(verify=verify)

    return httpx.AsyncClient(
        transport=AsyncResolverTransport(names, new_transport),
        timeout=None,  # noqa: S113 - the caller has a deadline
        follow_redirects=False,
        trust_env=False,
    )


def _verification(url: str, context: SSLContext | None) -> SSLContext | bool:
    """Return the TLS context for ``url``; False without TLS.

    Loading the certificates takes 30 ms, and plain HTTP does not need them.
    """
    is_secure = httpx.URL(url).scheme == "https"
    return (context or create_default_context()) if is_secure else False


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
