"""The proxy on a port of its own, and servers in the place of MLflow."""

import socket
import threading
from contextlib import contextmanager

import uvicorn

from controller.api.app import create_app
from controller.api.proxy.proxy import MlflowProxy
from controller.api.proxy.upstream import MlflowUpstream
from controller.api.request_deadline import DeadlineProtocol
from controller.clients.clock import SystemClock
from controller.core.access.caller import Caller
from controller.core.access.scopes import grants
from controller.resolver.names import FixedNames
from tests.builders.api import Nothing, access_with

LOOPBACK = FixedNames(("127.0.0.1",))
EVERYTHING = {"k-admin": ("admin",)}


class KnownKeys:
    """A source of callers by key; the id of a key is its text reversed."""

    def __init__(self, keys):
        self._keys = keys

    async def caller(self, credential):
        key = credential.reveal()
        if key not in self._keys:
            return None
        return Caller("caller", key[::-1], grants(self._keys[key]))


def proxy_app(
    url, keys=EVERYTHING, credentials=(), connection=None, limits=None, **options
):
    """Return the application with a proxy of ``url``, and its upstream."""
    clock = SystemClock()
    connection = {"names": LOOPBACK, "clock": clock} | (connection or {})
    upstream = MlflowUpstream(url, dict(credentials), **connection)
    app = create_app(
        Nothing(),
        Nothing(),
        clock=clock,
        version="1",
        access=access_with(others=[KnownKeys(keys)], limits=limits),
        mlflow=MlflowProxy(upstream, "test", **options),
    )
    return app, upstream


@contextmanager
def proxy_serving(url, keys=EVERYTHING, credentials=(), seconds=30, **options):
    """Yield the port of a proxy of ``url``; ``seconds`` is the deadline of a request."""
    app, _ = proxy_app(url, keys, credentials, **options)
    protocol = type("Protocol", (DeadlineProtocol,), {"seconds": seconds})
    # asyncio disables Nagle's algorithm only for sockets that name their protocol.
    with socket.socket(proto=socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        config = uvicorn.Config(
            app,
            http=protocol,
            log_config=None,
            server_header=False,
            access_log=False,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(30)


class ScriptedServer:
    """A server in the place of MLflow, with one function for all connections.

    Attributes:
        port: Port of the server.
        heads: Requests that were received, to the empty line, as bytes.
    """

    def __init__(self, script, port=0):
        self._script = script
        self.heads = []
        self.ended = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", port))
        self.port = self._listening.getsockname()[1]

    @property
    def url(self):
        return f"http://mlflow.internal:{self.port}"

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        # Wakes the thread that accepts, which closing does not.
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection):
        with connection:
            stream = connection.makefile("rwb", buffering=0)
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                byte = stream.read(1)
                if not byte:
                    return
                head += byte
            self.heads.append(head)
            try:
                self._script(stream)
            except OSError:
                pass
            finally:
                stream.close()
                self.ended.set()


def replying(reply):
    """Return a script that sends ``reply`` and closes the connection."""

    def script(stream):
        stream.write(reply)

    return script


def http_reply(status="200 OK", body=b"{}", **headers):
    """Return the bytes of a reply with a length."""
    named = {"content-length": len(body), "content-type": "application/json"}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status}", *(f"{n}: {v}" for n, v in named.items()), "", ""]
    return "\r\n".join(lines).encode() + body
