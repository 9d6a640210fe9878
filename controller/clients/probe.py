"""Probes of an address: a TCP connection, or a request with an expected status."""

import socket
import ssl
from collections.abc import Collection
from dataclasses import dataclass
from ssl import SSLContext

import httpx

from controller.clients.http import bearer_header, http_client
from controller.clients.peer_certificate import peer_certificate
from controller.core.errors import RefusedError
from controller.core.values.certificate import ServerCertificate
from controller.core.values.redact import redact
from controller.resolver.names import FixedNames

_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Handshake:
    """Result of a TLS handshake.

    Attributes:
        certificate: Verified certificate; None if the handshake failed.
        problem: Reason of the failure; empty if it succeeded.
    """

    certificate: ServerCertificate | None = None
    problem: str = ""


class Probe:
    """Prober whose methods return a description of the failure, or ""."""

    def __init__(self, seconds: float = _SECONDS) -> None:
        self._seconds = seconds

    def connect(self, address: str, port: int) -> str:
        """Return the reason that a TCP connection to ``address`` fails."""
        try:
            with socket.create_connection((address, port), timeout=self._seconds):
                return ""
        except OSError as error:
            return f"no connection: {error.strerror or error}"

    def handshake(
        self, host: str, address: str, port: int, context: SSLContext | None = None
    ) -> Handshake:
        """Verify the chain, the name and the validity of a server's certificate.

        Args:
            host: Name that the certificate must be for; it is also sent in SNI.
            address: Address to connect to.
            port: Port.
            context: TLS context; None for the authorities of the machine.
        """
        context = context or ssl.create_default_context()
        try:
            with (
                socket.create_connection((address, port), self._seconds) as plain,
                context.wrap_socket(
                    plain, server_hostname=host.rstrip(".")
                ) as connection,
            ):
                return Handshake(peer_certificate(connection))
        except ssl.SSLCertVerificationError as error:
            return Handshake(problem=f"the certificate is invalid: {_verified(error)}")
        except ssl.SSLError as error:
            if error.reason == "WRONG_VERSION_NUMBER":
                return Handshake(problem="the server does not speak TLS on this port")
            reason = (error.reason or str(error)).replace("_", " ").lower()
            return Handshake(problem=f"no TLS connection: {reason}")
        except OSError as error:
            return Handshake(problem=f"no connection: {error.strerror or error}")

    def speaks_tls(self, address: str, port: int) -> bool:
        """Return True if the server answers a TLS handshake, with any certificate."""
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        try:
            with (
                socket.create_connection((address, port), self._seconds) as plain,
                context.wrap_socket(plain),
            ):
                return True
        except OSError:
            return False

    def request(
        self,
        url: str,
        address: str,
        *,
        method: str,
        body: str | None,
        expected: Collection[int],
        key: str | None = None,
        context: SSLContext | None = None,
    ) -> str:
        """Return the reason that a request for ``url`` at ``address`` fails.

        Args:
            url: URL of the request; its host stays in the Host header and in SNI.
            address: Address to connect to.
            method: HTTP method.
            body: JSON body; None for none.
            expected: Status codes of a successful check.
            key: Bearer token, redacted from the returned text; None for none.
            context: TLS context; None for the authorities of the machine.
        """
        target = httpx.URL(url)
        origin = str(target.copy_with(raw_path=b"/"))
        try:
            with http_client(
                origin,
                names=FixedNames((address,)),
                read_timeout=self._seconds,
                context=context,
            ) as client:
                content = body.encode() if body is not None else None
                headers = {b"content-type": b"application/json"} if content else {}
                if key is not None:
                    headers |= bearer_header(key)
                response = client.request(
                    method, target.raw_path.decode(), content=content, headers=headers
                )
        except RefusedError as error:
            return str(error)
        except httpx.HTTPError as error:
            text = f"{type(error).__name__}: {error}".rstrip(": ")
            return redact(text, (key,) if key else ())
        if response.status_code in expected:
            return ""
        return f"{method} {target.path} answered {response.status_code}"


def _verified(error: ssl.SSLCertVerificationError) -> str:
    """Return the reason of OpenSSL, in lower case and without a full stop."""
    reason = error.verify_message.rstrip(".")
    return reason[:1].lower() + reason[1:]
