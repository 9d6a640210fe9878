"""Callers of predictions, each of which sends its next request after the last answer.

    python -m tests.load.prediction_crowd URL CONNECTIONS SECONDS BODY [KEY]

Prints JSON: requests in a second, the 50th and 99th percentile of the latency in
milliseconds, and the number of answers that are not 200.
"""

import asyncio
import json
import re
import sys
import time
from typing import cast
from urllib.parse import urlsplit

import uvloop

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_OK = b"HTTP/1.1 200"
_WARM_UP = 0.2


class _Caller(asyncio.Protocol):
    """One connection."""

    def __init__(self, request: bytes, latencies: list[float]) -> None:
        self._request = request
        self._latencies = latencies
        self._received = b""
        self._began = 0.0
        self._transport: asyncio.WriteTransport
        self.failed = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end:
            return
        length = _LENGTH.search(head)
        if length is None or len(body) < int(length[1]):
            return
        self._latencies.append(time.perf_counter() - self._began)
        self.failed += not head.startswith(_OK)
        self._received = b""
        self._send()

    def close(self) -> None:
        self._transport.close()

    def _send(self) -> None:
        self._began = time.perf_counter()
        self._transport.write(self._request)


async def _measured(
    url: str, connections: int, seconds: float, body: str, key: str
) -> dict[str, float]:
    parts = urlsplit(url)
    lines = [
        f"POST {parts.path} HTTP/1.1",
        f"Host: {parts.netloc}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *([f"Authorization: Bearer {key}"] if key else []),
    ]
    request = "\r\n".join([*lines, "", body]).encode()
    latencies: list[float] = []
    loop = asyncio.get_running_loop()
    callers = [
        (
            await loop.create_connection(
                lambda: _Caller(request, latencies),
                parts.hostname or "",
                parts.port or 80,
            )
        )[1]
        for _ in range(connections)
    ]
    await asyncio.sleep(seconds * _WARM_UP)
    latencies.clear()
    began = time.perf_counter()
    await asyncio.sleep(seconds)
    took = time.perf_counter() - began
    ordered = sorted(latencies)
    for caller in callers:
        caller.close()
    return {
        "rate": len(ordered) / took,
        "p50": ordered[len(ordered) // 2] * 1_000,
        "p99": ordered[int(len(ordered) * 0.99)] * 1_000,
        "failed": sum(caller.failed for caller in callers),
        "requests": len(ordered),
        "seconds": took,
    }


def main(
    url: str, connections: str, seconds: str, body: str, key: str = ""
) -> dict[str, float]:
    """Return the figures of one run."""
    return uvloop.run(_measured(url, int(connections), float(seconds), body, key))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*sys.argv[1:])) + "\n")
