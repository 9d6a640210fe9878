"""Declared requests of an endpoint to a real HTTPS server, through the driver."""

import socket
import ssl
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import trustme

from controller.clients.probe import Probe
from controller.core.dns.answers import Resolution, Source
from controller.core.dns.health import NameReport
from controller.core.document.resource import Resource, ResourceId
from controller.kinds.endpoint import KIND
from controller.kinds.endpoint.driver import EndpointDriver
from controller.kinds.endpoint.spec import EndpointSpec

ID, HOST, ADDRESS = ResourceId("endpoint", "auth"), "auth.test", "127.0.0.1"
KEY, BODY = "made-up-key", '{"max_results": 1}'
AUTHORITY = trustme.CA()
SECONDS = 0.5


class Handler(BaseHTTPRequestHandler):
    """Answers as the path says, and records the requests."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        length = int(self.headers.get("content-length", 0))
        body = self.rfile.read(length).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.requests.append((self.command, self.path, headers, body))
        status = self.path.strip("/").partition("/")[0]
        if status.isdecimal():
            self.send_response(int(status))
            self.send_header("location", f"https://elsewhere.test/{KEY}")
            self.send_header("content-length", "0")
            self.end_headers()
        else:
            getattr(self, f"_{status}")()

    do_POST = do_GET  # noqa: N815 - a name of the library

    def _slow(self):
        self.server.end.wait(30)

    def _dripping(self):
        """Send a byte of an endless header at a time, each within every timeout."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nx: ")
        while not self.server.end.wait(SECONDS / 10):
            self.wfile.write(b"x")

    def _endless(self):
        """Send a status, and a body that does not end."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n")
        while not self.server.end.wait(SECONDS / 10):
            self.wfile.write(b"x")

    def _reset(self):
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True
        # Without the close notification of TLS.
        socket.close(self.connection.detach())

    def _closed(self):
        self.close_connection = True

    def _garbage(self):
        self.wfile.write(f"\x00{KEY} garbage\r\n\r\n".encode())
        self.close_connection = True

    def log_message(self, *_):
        """Print nothing."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """Stay silent: clients leave."""


@pytest.fixture(params=["https", "http"])
def server(request):
    server = Server((ADDRESS, 0), Handler)
    server.requests, server.end = [], threading.Event()
    server.scheme = request.param
    if request.param == "https":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        AUTHORITY.issue_cert(HOST).configure_cert(context)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.end.set()
    server.shutdown()
    server.server_close()


class Names:
    """One name at the address of the server."""

    def refresh(self, host):
        return Resolution(host, (ADDRESS,), Source.DNS)

    def report(self, _host):
        return NameReport()


def looked(server, authority=AUTHORITY, port=None, **fields):
    """Observe the endpoint with the declared ``fields``; return spec and state."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    spec = EndpointSpec.model_validate(
        {
            "host": HOST,
            "port": port or server.server_address[1],
            "protocol": server.scheme,
            **fields,
        }
    )
    driver = EndpointDriver(
        Names(),
        None,
        None,
        Probe(SECONDS),
        secret=lambda _reference: KEY,
        contexts={ID: context},
    )
    return spec, driver.observe({ID: Resource(ID, spec)})[ID].state


def ready(server, **fields):
    """Return the reason and the message of the condition Ready."""
    found = KIND.health(*looked(server, **fields))
    return found.reason, found.message


def test_a_contract_with_the_right_statuses_is_kept(server):
    contract = [
        {"path": "/401/keys?x=1", "method": "POST", "body": "{}", "status": [401]},
        {"path": "/302", "status": [302]},
        {"path": "/204"},
    ]

    reason, _ = ready(server, contract=contract)

    assert reason == "Answering"
    assert [request[:2] for request in server.requests] == [
        ("POST", "/401/keys?x=1"),
        ("GET", "/302"),
        ("GET", "/204"),
    ]
    assert {request[2]["host"] for request in server.requests} == {
        f"{HOST}:{server.server_address[1]}"
    }


FAULTS = {
    "401": ("answered 401, expected 200"),
    "302": ("answered 302, expected 200"),
    "500": ("answered 500, expected 200"),
    "slow": ("failed, expected 200: no answer within 0.5 s"),
    "dripping": ("failed, expected 200: no answer within 0.5 s"),
    "reset": ("failed, expected 200: the server closed the connection"),
    "closed": ("failed, expected 200: the server closed the connection"),
    "garbage": ("failed, expected 200: the answer is not valid HTTP"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_contract_has_its_path_and_the_expected_status(server, fault):
    contract = [{"path": f"/{fault}/keys", "status": [200]}, {"path": "/200"}]

    reason, message = ready(server, contract=contract)

    where = f"{HOST}:{server.server_address[1]}"
    problem = f"GET /{fault}/keys {FAULTS[fault]}"
    assert reason == "ContractBroken"
    assert message == f"{where} breaks its contract: {problem}."


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failed_probe_has_its_path_and_the_expected_status(server, fault):
    probe = {"path": f"/{fault}", "status": [200], "method": "POST", "body": BODY}

    reason, message = ready(server, probe=probe)

    assert reason == "ProbeFailed"
    assert message.endswith(f" failed its check: POST /{fault} {FAULTS[fault]}.")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (None, "200 to 399"),
        ([308, 200], "200 or 308"),
        ([200, 201, 202, 404], "200 to 202 or 404"),
    ],
)
def test_the_expected_statuses_are_listed(server, status, expected):
    declared = {} if status is None else {"status": status}

    _, message = ready(server, probe={"path": "/503", **declared})

    assert message.endswith(f"GET /503 answered 503, expected {expected}.")


def test_a_status_is_enough_and_the_body_is_not_awaited(server):
    assert ready(server, probe={"path": "/endless"})[0] == "Answering"


@pytest.mark.parametrize("server", ["https"], indirect=True)
@pytest.mark.parametrize("fault", ["200", *FAULTS])
def test_the_key_and_the_body_are_sent_and_not_shown(server, fault):
    probe = {
        "path": f"/{fault}",
        "method": "POST",
        "body": BODY,
        "key": {"env": "HOKUSAI_PROBE_KEY"},
        "status": [200],
    }

    spec, state = looked(server, probe=probe)

    ((method, _, headers, body),) = server.requests
    assert (method, body) == ("POST", BODY)
    assert headers["authorization"] == f"Bearer {KEY}"
    assert headers["content-type"] == "application/json"
    assert KEY not in KIND.health(spec, state).message
    assert KEY not in repr(state)


@pytest.mark.parametrize("server", ["https"], indirect=True)
def test_a_certificate_of_another_authority_is_the_problem(server):
    _, message = ready(server, authority=trustme.CA(), probe={"path": "/200"})

    assert "the certificate is invalid: unable to get local issuer" in message
    assert server.requests == []


def test_a_port_without_a_server_is_the_problem(server):
    with socket.create_server((ADDRESS, 0)) as free:
        port = free.getsockname()[1]

    _, message = ready(server, port=port, probe={"path": "/200"})

    assert "no connection: Connection refused" in message
