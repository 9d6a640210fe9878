"""Probes of an address: a TCP connection, or a request with an expected status."""

import socket
from collections.abc import Collection
from ssl import SSLContext

import httpx

from controller.clients.http import bearer_header, http_client
from controller.core.errors import RefusedError
from controller.core.values.redact import redact
from controller.resolver.names import FixedNames

_SECONDS = 3.0


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
