"""A TCP proxy that can fall silent: it accepts and acknowledges, and never answers."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_CHUNK = 65_536


class SilentProxy:
    """Forwards connections to a target, until it is told not to.

    Attributes:
        port: Port on loopback that it listens on.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._lock = threading.Lock()
        self._silent_all = False
        self._silenced: set[int] = set()
        self._sockets: dict[int, tuple[socket.socket, socket.socket]] = {}
        self._number = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def silence_old(self) -> None:
        """Answer nothing on the present connections; serve new ones."""
        with self._lock:
            self._silenced |= set(self._sockets)

    def silence_all(self) -> None:
        """Accept every connection, and answer nothing."""
        self._silent_all = True

    def answer(self) -> None:
        """Serve new connections again; those that fell silent stay silent."""
        with self._lock:
            self._silenced |= set(self._sockets)
        self._silent_all = False

    @property
    def accepted(self) -> int:
        """Return the number of connections accepted so far."""
        return self._number

    def close(self) -> None:
        """End all connections."""
        self._listener.close()
        for pair in list(self._sockets.values()):
            for end in pair:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._target)
            with self._lock:
                self._number += 1
                number = self._number
                self._sockets[number] = (client, server)
                if self._silent_all:
                    self._silenced.add(number)
            for ends in ((client, server), (server, client)):
                threading.Thread(
                    target=self._forward, args=(number, *ends), daemon=True
                ).start()

    def _forward(self, number: int, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(_CHUNK):
                if not self._silent_all and number not in self._silenced:
                    sink.sendall(data)
        with contextlib.suppress(OSError):
            if not self._silent_all and number not in self._silenced:
                sink.shutdown(socket.SHUT_WR)


@contextmanager
def silent_proxy(host: str, port: int) -> Iterator[SilentProxy]:
    """Yield a proxy in front of ``host:port``."""
    proxy = SilentProxy(host, port)
    try:
        yield proxy
    finally:
        proxy.close()
