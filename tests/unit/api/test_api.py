"""The API as a client sees it, without a socket; what it knows is a fake."""

import asyncio
import threading
from functools import cache

import httpx
import pytest

from controller.api.app import create_app
from controller.api.health.checks import Checks, Component, ComponentStatus
from controller.api.models.listing import KnownModels, Models
from controller.api.models.routes import ModelCatalogue
from controller.core.errors import PermanentError, TransientError
from controller.core.models.model_id import FORMER_IDS_TAG
from controller.core.models.registration import MODEL_ID_TAG, ModelVersion
from controller.core.models.registry import RegisteredModel
from controller.telemetry.metrics import Metrics
from tests.fakes.stopped_clock import StoppedClock

MODEL = RegisteredModel(
    "Sales Lead Scoring",
    "Scores leads.",
    {
        "hokusai_token_id": "LSCOR",
        "benchmark_metric": "accuracy",
        "benchmark_value": "0.65",
    },
    {"production": 2},
)
VERSIONS = (
    ModelVersion("Sales Lead Scoring", 1, "s3://b/1", created_ms=1_767_355_200_000),
    ModelVersion(
        "Sales Lead Scoring",
        2,
        "s3://b/2",
        created_ms=1_767_355_200_000,
        tags={"hokusai.ai/metric-value": "0.91"},
    ),
)


class Registry:
    """MLflow's registry; may be away, or hang until released."""

    def __init__(self):
        self.asked = 0
        self.away = None
        self.hangs = None
        self.registered, self.found = (MODEL,), VERSIONS

    def models(self):
        self.asked += 1
        if self.hangs is not None:
            self.hangs.wait(5)
        if self.away is not None:
            raise self.away
        return self.registered

    def versions(self):
        return self.found


class Behind:
    """What the application asks; another one for each test."""

    checks: Checks
    known: KnownModels
    metrics: Metrics

    async def components(self):
        return await self.checks.components()

    async def models(self):
        return await self.known.models()

    def count(self, metric, **labels):
        self.metrics.count(metric, **labels)


@cache
def application():
    """Return the one application: making it takes longer than asking it."""
    behind = Behind()
    return behind, create_app(
        behind,
        ModelCatalogue(behind),
        clock=StoppedClock(),
        version="1.2.3",
        metrics=behind,
        public_models=True,
    )


class Service:
    """The application, and a client that asks it in one event loop."""

    def __init__(self, looks=None):
        self.clock = StoppedClock()
        self.registry = Registry()
        self.metrics = Metrics()
        behind, self.app = application()
        self.app.state.draining = False
        behind.checks = Checks(looks or {}, self.clock)
        behind.known = KnownModels(self.registry, self.clock)
        behind.metrics = self.metrics

    def get(self, *paths):
        async def ask():
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://api"
            ) as http:
                return [await http.get(path) for path in paths]

        answers = asyncio.run(ask())
        return answers[0] if len(answers) == 1 else answers


def fails(error):
    def look():
        raise error

    return look


@pytest.mark.parametrize("path", ["/health", "/live", "/ready"])
def test_the_process_answers_for_itself_whatever_else_fails(path):
    service = Service({"mlflow": fails(TransientError("away"))})

    assert service.get(path).status_code == 200


def test_a_service_that_stops_is_not_ready_but_alive():
    service = Service()
    service.app.state.draining = True

    ready, live = service.get("/ready", "/live")

    assert (ready.status_code, live.status_code) == (503, 200)


def test_all_is_healthy_when_every_part_is():
    service = Service({"mlflow": Component, "store": Component})

    answer = service.get("/api/v1/health")

    assert answer.status_code == 200
    assert answer.json() == {
        "status": "healthy",
        "version": "1.2.3",
        "timestamp": "2026-01-02T12:00:00.000Z",
        "services": {"mlflow": {"status": "healthy"}, "store": {"status": "healthy"}},
    }


def test_one_unhealthy_part_makes_it_503_and_says_why():
    service = Service({"mlflow": fails(TransientError("away")), "store": Component})

    answer = service.get("/api/v1/health")

    assert answer.status_code == 503
    assert answer.json()["services"]["mlflow"] == {
        "status": "unhealthy",
        "message": "away",
    }
    assert answer.json()["services"]["store"]["status"] == "healthy"


def test_a_degraded_part_still_serves():
    dns = Component(
        ComponentStatus.DEGRADED, "stale", {"names": {"a": {"source": "stale"}}}
    )
    service = Service({"dns": lambda: dns})

    answer = service.get("/api/v1/health")

    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded"
    assert answer.json()["services"]["dns"]["names"] == {"a": {"source": "stale"}}


def test_a_part_that_hangs_delays_the_answer_by_the_deadline_only():
    released, looked = threading.Event(), []

    def hang():
        looked.append(1)
        released.wait(5)
        return Component()

    looks = {"mlflow": hang, "store": Component}
    checks = Checks(looks, StoppedClock(), deadline=0.02)

    async def ask_twice():
        first, second = await checks.components(), await checks.components()
        released.set()
        return first, second

    first, second = asyncio.run(ask_twice())

    assert first == second
    assert first["mlflow"].message == "no response within 0.02 s"
    assert first["store"].status is ComponentStatus.HEALTHY
    assert len(looked) == 1


def test_a_part_is_not_looked_at_for_every_question():
    looked = []

    def look():
        looked.append(1)
        return Component()

    service = Service({"mlflow": look})

    service.get(*["/api/v1/health"] * 5)
    service.clock.forward(5)
    service.get("/api/v1/health")

    assert len(looked) == 2


def test_models_come_with_their_versions_the_newest_first():
    answer = Service().get("/api/v1/models").json()

    (model,) = answer["models"]
    assert model["model_id"] == "sales-lead-scoring"
    assert model["token_symbol"] == "LSCOR"
    assert model["baseline_metrics"] == {"accuracy": 0.65}
    assert [v["number"] for v in model["versions"]] == [2, 1]
    assert model["versions"][0] == {
        "number": 2,
        "status": "READY",
        "source": None,
        "aliases": ["production"],
        "created_at": "2026-01-02T12:00:00.000Z",
        "metric_value": 0.91,
    }
    assert answer["stale"] is False


def test_models_can_be_asked_for_by_name():
    mine, none = Service().get(
        "/api/v1/models?name=Sales+Lead+Scoring", "/api/v1/models?name=Other"
    )

    assert len(mine.json()["models"]) == 1
    assert none.json()["models"] == []


def test_while_mlflow_is_away_the_last_known_models_say_how_old_they_are():
    service = Service()
    service.get("/api/v1/models")
    service.registry.away = TransientError("mlflow is away")
    service.clock.forward(90)

    answer = service.get("/api/v1/models")

    assert answer.status_code == 200
    assert answer.json()["stale"] is True
    assert answer.json()["age_seconds"] == 90
    assert answer.json()["problem"] == "mlflow is away"
    assert len(answer.json()["models"]) == 1


def test_models_nobody_ever_knew_are_a_503_with_the_reason():
    service = Service()
    service.registry.away = TransientError("mlflow is away")

    answer = service.get("/api/v1/models")

    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "5"
    assert "mlflow is away" in answer.json()["detail"]


def test_an_mlflow_that_hangs_holds_one_thread_however_many_wait():
    service = Service()
    registry = service.registry
    registry.hangs = threading.Event()
    known = KnownModels(registry, service.clock, patience=(0.02, 0.02))

    async def many():
        waiting = [known.models() for _ in range(20)]
        answers = await asyncio.gather(*waiting, return_exceptions=True)
        registry.hangs.set()
        return answers

    answers = asyncio.run(many())

    assert registry.asked == 1
    assert all(isinstance(answer, TransientError) for answer in answers)


@pytest.mark.parametrize(
    ("path", "status"),
    [("/nothing", 404), ("/api/v1/models?name=" + "x" * 300, 422)],
)
def test_errors_are_problem_details(path, status):
    answer = Service().get(path)

    assert answer.status_code == answer.json()["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_what_was_sent_does_not_come_back_in_an_error():
    answer = Service().get("/api/v1/models?name=" + "secret" * 60)

    assert "secret" not in answer.text
    assert answer.json()["errors"][0]["field"] == "query.name"


@pytest.mark.parametrize(
    ("error", "status"), [(PermanentError("denied"), 503), (ZeroDivisionError(), 500)]
)
def test_no_error_shows_how_it_looks_inside(error, status):
    service = Service()
    service.registry.away = error

    answer = service.get("/api/v1/models")

    assert answer.status_code == status
    assert "Traceback" not in answer.text
    assert "ZeroDivision" not in answer.text


def test_requests_are_counted_by_class_of_status():
    service = Service()

    service.get("/live", "/nothing")

    text = service.metrics.text().decode()
    assert 'api_requests_total{status="2xx"} 1.0' in text
    assert 'api_requests_total{status="4xx"} 1.0' in text


def test_models_are_described_in_the_schema():
    schema = Service().get("/api/v1/openapi.json").json()

    assert schema["components"]["schemas"]["ModelSummary"]["properties"].keys() >= {
        "model_id",
        "versions",
    }
    assert Models.__doc__


@pytest.mark.parametrize(
    ("id_", "names"),
    [("27", ["lead"]), ("sales", ["lead"]), ("b", ["other"]), ("lead", [])],
)
def test_a_model_is_found_by_its_id_and_by_a_former_one(id_, names):
    service = Service()
    former = {MODEL_ID_TAG: "27", FORMER_IDS_TAG: '["sales", "b"]'}
    service.registry.registered = (
        RegisteredModel("lead", tags=former),
        RegisteredModel("other", tags={MODEL_ID_TAG: "b"}),
    )

    answer = service.get(f"/api/v1/models?id={id_}")

    assert [model["name"] for model in answer.json()["models"]] == names


def test_the_baseline_is_that_of_the_newest_version():
    service = Service()
    tags = {"benchmark_metric": "accuracy", "benchmark_value": "0.65"}
    service.registry.registered = (RegisteredModel("lead"),)
    service.registry.found = (ModelVersion("lead", 1, "s3://b/m", tags=tags),)

    (model,) = service.get("/api/v1/models").json()["models"]

    assert model["baseline_metrics"] == {"accuracy": 0.65}
