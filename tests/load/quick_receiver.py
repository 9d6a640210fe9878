"""Receiver of webhooks that answers 204 with as little work as possible.

    python -m tests.load.quick_receiver

Prints its port. It answers a request when its body has arrived, and keeps connections
open; the path ``/count`` answers with the number of POST requests so far, as text.
"""

import asyncio
import re
import sys

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_ACCEPTED = b"HTTP/1.1 204 No Content\r\n\r\n"
_count = 0


class _Connection(asyncio.Protocol):
    def __init__(self) -> None:
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
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
            self._answer(head)

    def _answer(self, head: bytes) -> None:
        global _count  # noqa: PLW0603 - a counter of the process
        assert isinstance(self._transport, asyncio.Transport)
        if head.startswith(b"GET /count"):
            text = str(_count).encode()
            start = f"HTTP/1.1 200 OK\r\nContent-Length: {len(text)}\r\n\r\n"
            self._transport.write(start.encode() + text)
            return
        _count += 1
        self._transport.write(_ACCEPTED)


async def main() -> None:
    """Serve until the process ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Connection, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
