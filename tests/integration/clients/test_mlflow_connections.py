"""Connections to MLflow, on a server that counts them."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from controller.bootstrap.mlflow import connect
from controller.settings import Settings


class Counting(ThreadingHTTPServer):
    """An MLflow without models that keeps connections open."""

    daemon_threads = True
    connections = 0

    def process_request(self, request, client_address):
        self.connections += 1
        super().process_request(request, client_address)


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        """Log nothing."""


@pytest.fixture
def server():
    with Counting(("127.0.0.1", 0), Answer) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


def test_plain_http_has_a_connection_for_each_request(server):
    clients = connect(
        f"http://127.0.0.1:{server.server_port}",
        Settings(),
        lambda _host: ("127.0.0.1",),
    )

    for _ in range(3):
        assert clients.api.models() == ()
    clients.close()

    assert server.connections == 3
