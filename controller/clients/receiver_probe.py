"""Facts about the connection to a webhook receiver: DNS, TLS, clock and redirects."""

import http.client
import socket
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from controller.clients.client_certificate import load_certificate
from controller.clients.peer_certificate import peer_certificate
from controller.core.errors import ControllerError
from controller.core.values.redact import redact
from controller.core.webhooks.diagnosis import ConnectionFacts
from controller.core.webhooks.target_secrets import ClientCertificate

_PORTS = {"https": 443, "http": 80}


def connection_facts(
    url: str,
    within: float,
    denial_reason: Callable[[str, int], str],
    addresses_of: Callable[[str], tuple[str, ...]],
    certificate: ClientCertificate | None = None,
) -> ConnectionFacts:
    """Return facts about the receiver at ``url``; failures are facts.

    It resolves the name, connects, and sends a HEAD request without a signature.

    Args:
        url: URL of the receiver.
        within: Timeout of each step in seconds.
        denial_reason: Returns the reason why nothing is sent to an address, or "".
        addresses_of: Returns the addresses of a host; raises ControllerError.
        certificate: Client certificate; None for none.
    """
    context = ssl.create_default_context()
    if certificate is not None:
        load_certificate(context, certificate)
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 443)
    try:
        addresses = addresses_of(host)
    except ControllerError as error:
        reason = _reason(error).removeprefix(f"{host} does not resolve: ")
        return ConnectionFacts(dns_error=reason)
    facts = ConnectionFacts(addresses)
    if any(denial_reason(address, port) for address in addresses):
        return facts
    if parts.scheme == "https":
        facts = _with_tls(facts, host, port, within, context)
        if facts.tls_error:
            return facts
    return _with_head(facts, url, port, within, context)


def _with_tls(
    facts: ConnectionFacts, host: str, port: int, within: float, context: ssl.SSLContext
) -> ConnectionFacts:
    try:
        with _secured(
            _connected(facts.addresses, port, within), host, context
        ) as secured:
            certificate = peer_certificate(secured)
    except (OSError, ValueError) as error:
        return replace(facts, tls_error=_reason(error))
    version = f"TLSv{certificate.version}"
    return replace(facts, tls=version, certificate_ends=certificate.expires)


def _connected(addresses: Sequence[str], port: int, within: float) -> socket.socket:
    """Return a connection to the first address that accepts one; raises OSError."""
    refused: OSError | None = None
    for address in addresses:
        try:
            return socket.create_connection((address, port), within)
        except OSError as error:
            refused = error
    raise refused or OSError("there is no address")


def _secured(raw: socket.socket, host: str, context: ssl.SSLContext) -> ssl.SSLSocket:
    try:
        return context.wrap_socket(raw, server_hostname=host)
    except BaseException:
        raw.close()
        raise


def _with_head(
    facts: ConnectionFacts, url: str, port: int, within: float, context: ssl.SSLContext
) -> ConnectionFacts:
    parts = urlsplit(url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    # The port of the scheme is left out of the Host header.
    connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = connect(host, parts.port, timeout=within)
    path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    try:
        raw = _connected(facts.addresses, port, within)
        connection.sock = _secured(raw, host, context) if secure else raw
        connection.request("HEAD", path, headers={"User-Agent": "hokusai-controller"})
        response = connection.getresponse()
        date, location = response.getheader("Date"), response.getheader("Location")
    except (OSError, http.client.HTTPException, ValueError):
        # The ping reports a receiver that does not answer.
        return facts
    finally:
        connection.close()
    at = None
    with suppress(TypeError, ValueError):
        at = parsedate_to_datetime(date or "")
    at = at.replace(tzinfo=UTC) if at and at.tzinfo is None else at
    return replace(facts, date=at, location=redact(location or "", ()))


def _reason(error: Exception) -> str:
    text = getattr(error, "verify_message", "") or str(error) or type(error).__name__
    return redact(text, ()).rstrip(".")
