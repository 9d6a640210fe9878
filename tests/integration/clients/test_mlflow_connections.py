"""Connections to MLflow: TLS, credentials and reuse, on a server that records them."""

import base64
import ssl
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

from controller.bootstrap.mlflow import connect
from controller.clients.probe import Probe
from controller.core.errors import PermanentError, RefusedError, TransientError
from controller.core.values.secret import Secret
from controller.resolver.names import FixedNames
from controller.settings import Settings

AUTHORITY = trustme.CA()


class Recording(ThreadingHTTPServer):
    """An MLflow without models that keeps connections open, over TLS or plain HTTP."""

    daemon_threads = True

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.connections = 0
        self.authorizations: list[str | None] = []
        self._context = context
        scheme = "https" if context else "http"
        self.url = f"{scheme}://localhost:{self.server_port}"

    def process_request(self, request, client_address):
        self.connections += 1
        super().process_request(request, client_address)

    def finish_request(self, request, client_address):
        if self._context is None:
            super().finish_request(request, client_address)
            return
        with self._context.wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, client_address)

    def handle_error(self, request, client_address):
        """Report nothing: clients with a wrong certificate break connections."""


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.authorizations.append(self.headers["authorization"])
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def do_POST(self):
        self.do_GET()

    def log_message(self, *_):
        """Log nothing."""


@pytest.fixture
def started():
    running: list[Recording] = []

    def start(context: ssl.SSLContext | None = None) -> Recording:
        server = Recording(context)
        serve = partial(server.serve_forever, poll_interval=0.02)
        threading.Thread(target=serve, daemon=True).start()
        running.append(server)
        return server

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


def tls(*, client: bool = False) -> ssl.SSLContext:
    """Return the server's side of TLS, which may require a client certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("localhost").configure_cert(context)
    if client:
        AUTHORITY.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


@pytest.fixture
def authority(tmp_path: Path) -> str:
    AUTHORITY.cert_pem.write_to_path(tmp_path / "ca.pem")
    return str(tmp_path / "ca.pem")


@pytest.fixture
def certificate(tmp_path: Path) -> str:
    issued = AUTHORITY.issue_cert("controller@hokus.ai")
    issued.private_key_and_cert_chain_pem.write_to_path(tmp_path / "client.pem")
    return str(tmp_path / "client.pem")


def models(url: str, settings: Settings, requests: int = 1) -> None:
    """Send requests as a controller with ``settings`` does."""
    clients = connect(url, settings, FixedNames(("127.0.0.1",)))
    try:
        for _ in range(requests):
            assert clients.api.models() == ()
    finally:
        clients.close()


def test_plain_http_has_a_connection_for_each_request(started):
    server = started()

    models(server.url, Settings(), requests=3)

    assert server.connections == 3


def test_tls_reuses_its_connection(started, authority):
    server = started(tls())

    models(server.url, Settings(mlflow_server_certificate=authority), requests=3)

    assert server.connections == 1


def test_an_unknown_authority_is_refused_with_the_variable_that_names_it(started):
    server = started(tls())

    with pytest.raises(PermanentError, match="MLFLOW_TRACKING_SERVER_CERT_PATH"):
        models(server.url, Settings())

    assert server.authorizations == []


def test_a_name_that_the_certificate_lacks_is_refused(started, authority):
    server = started(tls())
    url = server.url.replace("localhost", "mlflow.internal")

    with pytest.raises(PermanentError, match=r"not valid for 'mlflow\.internal'"):
        models(url, Settings(mlflow_server_certificate=authority))


def test_the_client_certificate_is_shown(started, authority, certificate):
    server = started(tls(client=True))

    models(
        server.url,
        Settings(
            mlflow_server_certificate=authority, mlflow_client_certificate=certificate
        ),
    )

    assert len(server.authorizations) == 1


def test_a_missing_client_certificate_is_refused_with_its_variable(started, authority):
    server = started(tls(client=True))
    settings = Settings(mlflow_server_certificate=authority)
    clients = connect(server.url, settings, FixedNames(("127.0.0.1",)))

    for call in (clients.api.models, lambda: clients.api.create_model("m", {})):
        with pytest.raises(PermanentError, match="MLFLOW_TRACKING_CLIENT_CERT_PATH"):
            call()
    clients.close()

    assert server.authorizations == []


def test_a_server_without_tls_is_not_said_to_lack_a_certificate(started, authority):
    server = started()
    url = server.url.replace("http:", "https:")

    with pytest.raises(TransientError) as failed:
        models(url, Settings(mlflow_server_certificate=authority))

    assert "CERT_PATH" not in str(failed.value)


@pytest.mark.parametrize("field", ["server", "client"])
@pytest.mark.parametrize("content", [None, "no certificate"], ids=["absent", "other"])
def test_an_unusable_file_is_refused_by_variable_and_path(tmp_path, field, content):
    file = tmp_path / "file.pem"
    if content is not None:
        file.write_text(content)
    settings = Settings(**{f"mlflow_{field}_certificate": str(file)})

    with pytest.raises(RefusedError) as refused:
        models("https://localhost:1", settings)

    variable = f"MLFLOW_TRACKING_{field.upper()}_CERT_PATH"
    assert str(refused.value).startswith(f"{variable}: ")
    assert str(file) in str(refused.value)


def test_a_key_with_a_passphrase_is_refused_and_prompts_for_nothing(
    tmp_path, certificate
):
    from cryptography.hazmat.primitives import serialization as to

    pem = Path(certificate).read_bytes()
    locked = to.load_pem_private_key(pem, None).private_bytes(
        to.Encoding.PEM, to.PrivateFormat.PKCS8, to.BestAvailableEncryption(b"s3cret")
    )
    file = tmp_path / "locked.pem"
    file.write_bytes(locked + pem[pem.index(b"-----BEGIN CERTIFICATE") :])

    with pytest.raises(RefusedError, match="MLFLOW_TRACKING_CLIENT_CERT_PATH"):
        models("https://localhost:1", Settings(mlflow_client_certificate=str(file)))


def test_a_name_and_a_password_are_sent_in_utf_8(started):
    server = started()

    models(
        server.url,
        Settings(
            mlflow_tracking_username="zoë", mlflow_tracking_password=Secret("p:ß")
        ),
    )

    encoded = base64.b64encode("zoë:p:ß".encode()).decode()
    assert server.authorizations == [f"Basic {encoded}"]


def test_a_password_comes_before_a_token_as_in_mlflow(started):
    server = started()
    token, password = Secret("token"), Secret("password")

    models(server.url, Settings(mlflow_tracking_token=token))
    models(
        server.url,
        Settings(
            mlflow_tracking_token=token,
            mlflow_tracking_username="us",
            mlflow_tracking_password=password,
        ),
    )

    assert [a.partition(" ")[0] for a in server.authorizations] == ["Bearer", "Basic"]


@pytest.mark.parametrize(
    "settings",
    [
        Settings(mlflow_tracking_username="us"),
        Settings(mlflow_tracking_password=Secret("s3cret")),
        Settings(
            mlflow_tracking_username="a:b", mlflow_tracking_password=Secret("s3cret")
        ),
        Settings(
            mlflow_tracking_username="us", mlflow_tracking_password=Secret("s3cret\n1")
        ),
    ],
    ids=["no password", "no name", "colon in the name", "line break"],
)
def test_half_or_unusable_credentials_are_refused_and_not_printed(settings):
    with pytest.raises(RefusedError, match="MLFLOW_TRACKING_") as refused:
        connect("http://localhost:1", settings, FixedNames(("127.0.0.1",)))

    assert "s3cret" not in str(refused.value)


def test_the_check_of_the_endpoint_uses_the_certificates_of_the_client(
    started, authority, certificate
):
    server = started(tls(client=True))
    settings = Settings(
        mlflow_server_certificate=authority, mlflow_client_certificate=certificate
    )
    clients = connect(server.url, settings, FixedNames(("127.0.0.1",)))

    def problem(context: ssl.SSLContext | None) -> str:
        return Probe().request(
            f"{server.url}/health",
            "127.0.0.1",
            method="GET",
            body=None,
            expected=(200,),
            context=context,
        )

    assert problem(clients.context) == ""
    assert "the certificate is invalid" in problem(None)
    clients.close()
