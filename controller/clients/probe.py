"""Probes of an address: a TCP connection, or a request with an expected status."""

import asyncio
import os
import socket
import ssl
from collections.abc import Collection
from dataclasses import dataclass
from ssl import SSLContext

import httpx

from controller.clients.http import async_http_client, bearer_header
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
            return Handshake(problem=f"no TLS connection: {_tls_reason(error)}")
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

        The status must arrive within the seconds of the probe. It blocks its thread, in
        which no event loop may run.

        Args:
            url: URL of the request; its host stays in the Host header and in SNI.
            address: Address to connect to.
            method: HTTP method.
            body: JSON body; None for none.
            expected: Status codes of a successful check.
            key: Bearer token, redacted from the returned text; None for none.
            context: TLS context; None for the authorities of the machine.
        """
        called = f"{method} {httpx.URL(url).path}"
        due = described_statuses(expected)
        content = body.encode() if body is not None else None
        headers = {b"content-type": b"application/json"} if content else {}
        try:
            if key is not None:
                headers |= bearer_header(key)
            request = httpx.Request(method, url, content=content, headers=headers)
            status = asyncio.run(self._status(request, address, context))
        except RefusedError as error:
            return str(error)
        except (httpx.HTTPError, TimeoutError) as error:
            reason = redact(self._failure(error), (key,) if key else ())
            return f"{called} failed, expected {due}: {reason}"
        return (
            "" if status in expected else f"{called} answered {status}, expected {due}"
        )

    async def _status(
        self, request: httpx.Request, address: str, context: SSLContext | None
    ) -> int:
        """Return the status of the answer, whose body is not read.

        Raises:
            TimeoutError: The status did not arrive in time. The timeouts of a client are
                for each part, and a server that sends slowly would hold the probe.
        """
        names = FixedNames((address,))
        async with (
            asyncio.timeout(self._seconds),
            async_http_client(str(request.url), names, context) as client,
        ):
            response = await client.send(request, stream=True)
            await response.aclose()
            return response.status_code

    def _failure(self, error: Exception) -> str:
        """Return the reason of a failed request, without the bytes of the server."""
        match error:
            case TimeoutError():
                return f"no answer within {self._seconds:g} s"
            case httpx.ConnectError():
                return _connect_failure(error)
            case httpx.RemoteProtocolError() if "disconnected" not in str(error):
                return "the answer is not valid HTTP"
            case httpx.RemoteProtocolError() | httpx.NetworkError():
                return "the server closed the connection"
            case _:
                return f"{type(error).__name__}: {error}".rstrip(": ")


def described_statuses(statuses: Collection[int]) -> str:
    """Return status codes as in ``200 to 399 or 401``."""
    parts: list[list[int]] = []
    for status in sorted(set(statuses)):
        if parts and status == parts[-1][-1] + 1:
            parts[-1].append(status)
        else:
            parts.append([status])
    words = [f"{p[0]} to {p[-1]}" if len(p) > 1 else f"{p[0]}" for p in parts]
    return " or ".join(words)


def _connect_failure(error: BaseException) -> str:
    """Return the reason in the causes of ``error``: of TLS, or of the system."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"the certificate is invalid: {_verified(cause)}"
        if isinstance(cause, ssl.SSLError):
            return f"no TLS connection: {_tls_reason(cause)}"
        if isinstance(cause, OSError) and cause.errno:
            return f"no connection: {os.strerror(cause.errno)}"
        cause = cause.__cause__ or cause.__context__
    return f"no connection: {error}"


def _tls_reason(error: ssl.SSLError) -> str:
    return (error.reason or str(error)).replace("_", " ").lower()


def _verified(error: ssl.SSLCertVerificationError) -> str:
    """Return the reason of OpenSSL, in lower case and without a full stop."""
    reason = error.verify_message.rstrip(".")
    return reason[:1].lower() + reason[1:]
