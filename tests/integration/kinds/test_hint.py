"""The hint on real MLflow servers, complete and incomplete ones."""

import pytest

from controller.clients.http import http_client
from controller.clients.mlflow import MlflowApi
from controller.core.document.resource import ResourceId
from controller.core.resources.plan import Hold
from controller.emulation.mlflow import MlflowServer
from controller.kinds.hint.driver import HintDriver
from tests.builders.documents import document
from tests.builders.reconcile_loop import Machine

HINT = ResourceId("hint", "mlflow")
NAME = "hokusai.development.hint"
KEY = "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY"
FERNET = {KEY: "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="}
SCHEMES = {"MLFLOW_WEBHOOK_ALLOWED_SCHEMES": "http,https"}
PRIVATE = {"MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS": "true"}
URL = "http://127.0.0.1:8002/hints/mlflow"


def hint(url=URL):
    body = f"  mlflow: {{hint: {{url: '{url}', secret: {{env: HINT}}}}}}\n"
    return document(body).resources[HINT]


class Hinted:
    """A controller of the hint on one MLflow."""

    def __init__(self, http):
        self.api = MlflowApi(http)
        driver = HintDriver(self.api, NAME, lambda _reference: "s3cret", dict)
        self.machine = Machine({"hint": driver})

    def run(self, *resources):
        return self.machine.run(*resources)


@pytest.fixture
def started(tmp_path):
    """Return a function that starts an MLflow with variables."""
    servers = []

    def start(**variables):
        server = MlflowServer(tmp_path, variables=variables)
        server.start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.stop()


def test_the_webhook_is_kept_in_place_and_survives_a_restart_of_mlflow(started):
    server = started(**FERNET, **SCHEMES, **PRIVATE)
    with http_client(server.url) as http:
        hinted = Hinted(http)
        hinted.run(hint())
        assert hinted.run(hint()).converged

        (made,) = hinted.api.webhooks()
        http.patch(
            f"/api/2.0/mlflow/webhooks/{made.id}",
            json={"url": "https://127.0.0.1/x", "status": "DISABLED"},
        ).raise_for_status()
        server.kill()
        server.start()
        hinted.run(hint())

        (kept,) = hinted.api.webhooks()
        assert (kept.id, kept.url, kept.active) == (made.id, URL, True)
        moved = hint("http://localhost:8002/hints/mlflow")
        hinted.run(moved)
        assert [w.url for w in hinted.api.webhooks()] == [moved.spec.url]
        assert hinted.run(moved).converged


@pytest.mark.parametrize(
    ("variables", "missing"),
    [
        (PRIVATE, "MLFLOW_WEBHOOK_ALLOWED_SCHEMES"),
        (SCHEMES, "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS"),
    ],
    ids=["schemes", "private addresses"],
)
def test_a_refused_url_names_the_variable_of_mlflow(started, variables, missing):
    with http_client(started(**FERNET, **variables).url) as http:
        result = Hinted(http).run(hint())

        assert f"where MLflow runs, set {missing}" in result.outcomes[HINT].message


def test_a_server_that_lost_its_key_is_unknown_with_the_variable(started):
    server = started(**SCHEMES, **PRIVATE)
    with http_client(server.url) as http:
        hinted = Hinted(http)
        hinted.run(hint())
        server.kill()
        server.start()

        (blocked,) = hinted.run(hint()).left.blocked

    assert blocked.hold is Hold.UNKNOWN
    assert KEY in blocked.message


def test_a_server_on_files_has_no_webhooks_and_that_is_advice(started, tmp_path):
    files = {"_MLFLOW_SERVER_REGISTRY_STORE": str(tmp_path / "files")}
    with http_client(started(**files).url) as http:
        result = Hinted(http).run(hint())

    (advice,) = result.left.advice
    assert "MLflow's webhooks are not available" in advice.message
    assert result.outcomes == {}
