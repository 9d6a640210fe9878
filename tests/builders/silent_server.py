"""An HTTP server that accepts requests and never answers them."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class SilentServer:
    """Accepts connections and keeps them open.

    Attributes:
        url: URL on loopback.
    """

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._connections: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def connections(self) -> int:
        """Return the number of connections accepted so far."""
        return len(self._connections)

    def close(self) -> None:
        """End all connections."""
        self._listener.close()
        for connection in self._connections:
            connection.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._connections.append(connection)


@contextmanager
def silent_server() -> Iterator[SilentServer]:
    """Yield a server that never answers."""
    server = SilentServer()
    try:
        yield server
    finally:
        server.close()
