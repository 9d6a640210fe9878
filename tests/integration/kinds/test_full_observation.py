"""A full observation of MLflow makes three requests, at the limits of its pages."""

import json

import httpx
import pytest

from controller.clients.http import http_client
from controller.clients.mlflow import MlflowApi, MlflowReader
from controller.emulation.mlflow import MlflowServer
from controller.kinds.experiment.driver import ExperimentDriver
from controller.kinds.model.driver import ModelDriver
from controller.kinds.webhook.driver import WebhookDriver
from controller.store.announcements import AnnouncementLedger
from controller.store.deliveries import DeliveryLog
from tests.builders.reconcile_loop import Machine, declared
from tests.fakes.stopped_clock import StoppedClock
from tests.fakes.store import empty_store

OWNER = "hokusai/local"
EXPERIMENT = declared("experiment", "scoring", {})
MODEL = declared("model", "leads", {"versions": [{"source": "s3://bucket/model"}]})
WEBHOOK = declared(
    "webhook", "site", {"url": "https://hokus.ai/h", "secrets": [{"env": "S"}]}
)
LIMITS = {
    "/api/2.0/mlflow/registered-models/search": 1_000,
    "/api/2.0/mlflow/model-versions/search": 200_000,
    "/api/2.0/mlflow/experiments/search": 50_000,
}


def page_size(request: httpx.Request) -> int:
    """Return the page size that a request asks for."""
    if request.method == "GET":
        return int(request.url.params["max_results"])
    return int(json.loads(request.content)["max_results"])


def machine(http: httpx.Client) -> Machine:
    """Return the three kinds on one MLflow, with an empty store."""
    api = MlflowApi(http)
    reader = MlflowReader(api)
    database = empty_store(StoppedClock())
    drivers = {
        "experiment": ExperimentDriver(api, reader, OWNER),
        "model": ModelDriver(api, reader, OWNER, lambda key: key, clock=StoppedClock()),
        "webhook": WebhookDriver(
            api,
            reader,
            ledger=AnnouncementLedger(database),
            outcomes=DeliveryLog(database),
            clock=StoppedClock(),
            registry=OWNER,
            check=lambda _event: None,
        ),
    }
    return Machine(drivers, forget=(reader.clear,))


def test_three_requests_observe_experiments_models_and_webhooks(tmp_path):
    with MlflowServer(tmp_path) as server, http_client(server.url) as http:
        kinds = machine(http)
        assert kinds.settle(EXPERIMENT, MODEL, WEBHOOK).left.in_sync
        sent: list[httpx.Request] = []
        http.event_hooks = {"request": [sent.append]}

        result = kinds.run(EXPERIMENT, MODEL, WEBHOOK)

    assert result.outcomes == {}
    assert {r.url.path: page_size(r) for r in sent} == LIMITS
    assert len(sent) == 3


@pytest.mark.parametrize("path", LIMITS)
def test_further_pages_are_read_beyond_the_limit(path):
    page = {
        "/api/2.0/mlflow/registered-models/search": "registered_models",
        "/api/2.0/mlflow/model-versions/search": "model_versions",
        "/api/2.0/mlflow/experiments/search": "experiments",
    }
    name = {"registered_models": "{}", "model_versions": "leads", "experiments": "{}"}

    def answer(request: httpx.Request) -> httpx.Response:
        sent = (
            dict(request.url.params)
            if request.method == "GET"
            else json.loads(request.content)
        )
        key, number = page[request.url.path], int(sent.get("page_token", "1"))
        item = {
            "name": name[key].format(f"leads-{number}"),
            "version": str(number),
            "experiment_id": str(number),
        }
        more = request.url.path == path and number < 3
        token = {"next_page_token": str(number + 1)} if more else {}
        return httpx.Response(200, json={key: [item], **token})

    transport = httpx.MockTransport(answer)
    with httpx.Client(base_url="http://mlflow", transport=transport) as http:
        api = MlflowApi(http)
        found = {
            "/api/2.0/mlflow/registered-models/search": api.models,
            "/api/2.0/mlflow/model-versions/search": api.versions,
            "/api/2.0/mlflow/experiments/search": api.experiments,
        }

        counts = {at: len(read()) for at, read in found.items()}

    assert counts == {at: 3 if at == path else 1 for at in LIMITS}
