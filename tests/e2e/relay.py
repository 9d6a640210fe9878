"""Passes connections on: what listens on loopback only becomes reachable next door.

python -m tests.e2e.relay HOST:PORT TARGET_HOST:TARGET_PORT
"""

import contextlib
import socket
import socketserver
import sys
import threading

_CHUNK = 65_536


class Relay(socketserver.ThreadingTCPServer):
    """Listens, and has a connection to the target for each it accepts."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, address: tuple[str, int], target: tuple[str, int]) -> None:
        super().__init__(address, _Handler)
        self.target = target


class _Handler(socketserver.BaseRequestHandler):
    """One connection."""

    def handle(self) -> None:
        target = self.server.target  # type: ignore[attr-defined]
        with socket.create_connection(target) as other:
            back = threading.Thread(target=_pass_on, args=(other, self.request))
            back.start()
            _pass_on(self.request, other)
            back.join()


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    """Copy until ``source`` ends, and say so to ``sink``."""
    with contextlib.suppress(OSError):
        while data := source.recv(_CHUNK):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)


if __name__ == "__main__":
    Relay(_address(sys.argv[1]), _address(sys.argv[2])).serve_forever()
