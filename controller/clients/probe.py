"""Try whether something works: a connection, or a request and its answer."""

import socket
from collections.abc import Collection

import httpx

from controller.clients.http import http_client
from controller.core.values.redact import redact

_SECONDS = 3.0


class Probe:
    """Tries an address. Returns what is wrong, in words; empty if nothing is."""

    def __init__(self, seconds: float = _SECONDS) -> None:
        self._seconds = seconds

    def connect(self, address: str, port: int) -> str:
        """Return why no TCP connection to ``address`` can be made."""
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
    ) -> str:
        """Return why ``url``, asked at ``address``, is not answered as expected.

        A ``key`` is shown to the server, as clients show theirs, and to nobody else.
        """
        asked = httpx.URL(url)
        origin = str(asked.copy_with(raw_path=b"/"))
        try:
            with http_client(
                origin, resolve=lambda _host: (address,), read_timeout=self._seconds
            ) as client:
                content = body.encode() if body is not None else None
                headers = {"content-type": "application/json"} if content else {}
                if key is not None:
                    headers["authorization"] = f"Bearer {key}"
                response = client.request(
                    method, asked.raw_path.decode(), content=content, headers=headers
                )
        except httpx.HTTPError as error:
            told = f"{type(error).__name__}: {error}".rstrip(": ")
            return redact(told, (key,) if key else ())
        if response.status_code in expected:
            return ""
        return f"{method} {asked.path} answered {response.status_code}"
