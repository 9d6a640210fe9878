"""`run` as a process, and a real server of an endpoint that goes away and comes back."""

import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise

import pytest

from controller.clients.clock import SystemClock
from controller.core.document.resource import ResourceId
from controller.core.rates.outage_probes import EARLY
from controller.core.resources.condition import ConditionType, Truth
from controller.store.status import StatusTable
from tests.builders.command_line import HEADER
from tests.builders.local_process import free_port
from tests.builders.waiting import eventually

AUTH = ResourceId("endpoint", "auth")
INTERVAL = 300
DOCUMENT = f"""\
{HEADER.rstrip()[:-1]}, reconcile: {{interval: {INTERVAL}s}}}}
endpoints:
  auth: {{host: localhost, port: PORT, external: true, probe: {{path: /health}}}}
"""


class Server:
    """A server on one port that may be closed and opened again.

    Attributes:
        port: Its port.
        status: Status of its answers.
        probes: Time of each request.
    """

    def __init__(self):
        self.port, self.status, self.probes = free_port(), 200, []
        self._server = None

    def open(self):
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.probes.append(SystemClock().now())
                self.send_response(outer.status)
                self.end_headers()

            def log_message(self, *_):
                """Print nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        serve = self._server.serve_forever
        threading.Thread(target=serve, args=(0.02,), daemon=True).start()

    def close(self):
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


@pytest.fixture
def server():
    server = Server()
    server.open()
    yield server
    server.close()


@pytest.fixture
def ready(world, recorded, controllers, server):
    """Start a controller; return a function that reads the condition Ready."""
    world.file.write_text(DOCUMENT.replace("PORT", str(server.port)))
    controller = controllers().start()

    def read():
        found = StatusTable(recorded.database).all().get(AUTH, {})
        return found.get(ConditionType.READY)

    eventually(read, is_(Truth.TRUE))
    read.controller = controller
    return read


def is_(truth):
    return lambda condition: condition is not None and condition.status is truth


def test_an_outage_is_probed_often_and_its_end_is_noticed_by_the_next_probe(
    ready, server
):
    server.status = 503
    ready.controller.process.send_signal(signal.SIGHUP)
    eventually(ready, is_(Truth.FALSE))
    before = len(server.probes)

    probes = eventually(lambda: server.probes[before:], lambda p: len(p) >= 4)

    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(probes)]
    assert max(gaps) < INTERVAL / 20
    assert min(gaps) > EARLY.total_seconds() / 2

    # The outage goes on without a server, and ends with another one.
    server.close()
    unreachable = "no connection: Connection refused"
    eventually(ready, lambda condition: unreachable in condition.message)
    server.status, before = 200, len(server.probes)
    server.open()
    recovered = eventually(ready, is_(Truth.TRUE))

    first, *later = server.probes[before:]
    assert first < recovered.last_transition
    assert all(recovered.last_transition < probe for probe in later)
