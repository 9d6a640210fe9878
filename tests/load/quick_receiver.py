"""Receiver of webhooks that answers 204 with as little work as possible.

    python -m tests.load.quick_receiver [PORT]

Prints its port, an unused one by default. It answers a request when its body has arrived, and keeps connections
open. ``GET /report`` returns JSON: the number of requests with a ``webhook-id``, of
different ids, and of repeats that are not marked as possible duplicates. ``GET /stop``
returns the same and ends all other connections: nothing is accepted afterwards.
"""

import asyncio
import json
import re
import sys

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_ID = re.compile(rb"\r\nwebhook-id: *([^\r]+)", re.IGNORECASE)
_MARK = re.compile(rb"\r\nx-hokusai-possible-duplicate: *true", re.IGNORECASE)
_ACCEPTED = b"HTTP/1.1 204 No Content\r\n\r\n"


class _Received:
    """Requests so far."""

    def __init__(self) -> None:
        self.requests = 0
        self.unmarked = 0
        self.is_stopped = False
        self.ids: set[bytes] = set()

    def add(self, head: bytes) -> None:
        if (found := _ID.search(head)) is None:
            return
        self.requests += 1
        if found[1] in self.ids:
            self.unmarked += not _MARK.search(head)
        self.ids.add(found[1])

    def report(self) -> bytes:
        figures = {
            "requests": self.requests,
            "events": len(self.ids),
            "unmarked": self.unmarked,
        }
        text = json.dumps(figures).encode()
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(text), text)


class _Connection(asyncio.Protocol):
    def __init__(self, received: _Received) -> None:
        self._received = received
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            found = _LENGTH.search(head)
            size = end + 4 + (int(found[1]) if found else 0)
            if len(self._buffer) < size:
                return
            self._buffer = self._buffer[size:]
            if head.startswith((b"GET /report", b"GET /stop")):
                self._received.is_stopped |= head.startswith(b"GET /stop")
                self._transport.write(self._received.report())
            elif self._received.is_stopped:
                self._transport.abort()
                return
            else:
                self._received.add(head)
                self._transport.write(_ACCEPTED)


async def main(port: int) -> None:
    """Serve until the process ends."""
    received = _Received()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(received), "127.0.0.1", port)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if sys.argv[1:] else 0))
