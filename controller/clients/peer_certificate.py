"""Certificate of the server at the other end of a TLS connection."""

import ssl
from datetime import UTC, datetime
from typing import Any

from controller.core.values.certificate import ServerCertificate


def peer_certificate(connection: ssl.SSLSocket) -> ServerCertificate:
    """Return the certificate of the server, whose chain and name were verified.

    The time in the certificate is in GMT (RFC 5280, section 4.1.2.5).

    Raises:
        KeyError: The context of the connection verifies no certificate.
    """
    found: Any = connection.getpeercert() or {}
    expires = datetime.fromtimestamp(ssl.cert_time_to_seconds(found["notAfter"]), UTC)
    issuer = {key: value for part in found.get("issuer", ()) for key, value in part}
    name = issuer.get("commonName") or issuer.get("organizationName", "")
    version = (connection.version() or "").removeprefix("TLSv")
    return ServerCertificate(expires, version, name)
