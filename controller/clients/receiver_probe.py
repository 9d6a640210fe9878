"""Facts about the connection to a webhook receiver: DNS, TLS, clock and redirects."""

import http.client
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from controller.clients.client_certificate import load_certificate
from controller.core.values.redact import redact
from controller.core.webhooks.diagnosis import ConnectionFacts
from controller.core.webhooks.target_secrets import ClientCertificate

_PORTS = {"https": 443, "http": 80}


def connection_facts(
    url: str,
    within: float,
    denial_reason: Callable[[str, int], str],
    certificate: ClientCertificate | None = None,
) -> ConnectionFacts:
    """Return facts about the receiver at ``url``; failures are facts.

    It resolves the name, connects, and sends a HEAD request without a signature.

    Args:
        url: URL of the receiver.
        within: Timeout of each step in seconds.
        denial_reason: Returns the reason why nothing is sent to an address, or "".
        certificate: Client certificate; None for none.
    """
    context = ssl.create_default_context()
    if certificate is not None:
        load_certificate(context, certificate)
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 443)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return ConnectionFacts(dns_error=_reason(error))
    addresses = tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
    facts = ConnectionFacts(addresses)
    if any(denial_reason(address, port) for address in addresses):
        return facts
    if parts.scheme == "https":
        facts = _with_tls(facts, host, port, within, context)
        if facts.tls_error:
            return facts
    return _with_head(facts, url, within, context)


def _with_tls(
    facts: ConnectionFacts, host: str, port: int, within: float, context: ssl.SSLContext
) -> ConnectionFacts:
    try:
        with (
            socket.create_connection((host, port), within) as raw,
            context.wrap_socket(raw, server_hostname=host) as secured,
        ):
            certificate = secured.getpeercert() or {}
            version = secured.version() or "TLS"
    except (OSError, ValueError) as error:
        return replace(facts, tls_error=_reason(error))
    ends = certificate.get("notAfter")
    if not isinstance(ends, str):
        return replace(facts, tls=version)
    at = datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC)
    return replace(facts, tls=version, certificate_ends=at)


def _with_head(
    facts: ConnectionFacts, url: str, within: float, context: ssl.SSLContext
) -> ConnectionFacts:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port
    connection = (
        http.client.HTTPSConnection(host, port, timeout=within, context=context)
        if parts.scheme == "https"
        else http.client.HTTPConnection(host, port, timeout=within)
    )
    path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    try:
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
