"""The client against a real MLflow server: it reads back what it writes."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from controller.clients.http import http_client
from controller.clients.mlflow import MlflowApi
from controller.core.errors import ConflictError, NotFoundError, PermanentError
from controller.core.models.signature import (
    ModelInput,
    ModelSignature,
    UnreadableSignature,
)
from controller.emulation.mlflow import MlflowServer
from controller.resolver.names import FixedNames

_NUMBERS = count(1)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    directory: Path = tmp_path_factory.mktemp("mlflow")
    with MlflowServer(directory) as server:
        yield server.url


@pytest.fixture
def http(url: str) -> Iterator[httpx.Client]:
    with http_client(url) as http:
        yield http


@pytest.fixture
def mlflow(http: httpx.Client) -> MlflowApi:
    return MlflowApi(http)


@pytest.fixture
def name() -> str:
    return f"thing-{next(_NUMBERS)}"


def finished_run(http: httpx.Client, experiment: str, metrics: dict[str, object]):
    """Create the result of a training: a run with metrics and a logged model."""

    def post(method: str, path: str, body: dict[str, object]) -> dict[str, Any]:
        answer = http.request(method, f"/api/2.0/mlflow/{path}", json=body)
        assert answer.is_success, answer.text
        return dict(answer.json())

    run = post("POST", "runs/create", {"experiment_id": experiment, "start_time": 5})
    run_id = run["run"]["info"]["run_id"]
    for key, value in metrics.items():
        metric = {"run_id": run_id, "key": key, "value": value, "timestamp": 1}
        post("POST", "runs/log-metric", metric)
    logged = {"experiment_id": experiment, "name": "model", "source_run_id": run_id}
    model_id = post("POST", "logged-models", logged)["model"]["info"]["model_id"]
    ready = {"model_id": model_id, "status": "LOGGED_MODEL_READY"}
    post("PATCH", f"logged-models/{model_id}", ready)
    post("POST", "runs/update", {"run_id": run_id, "status": "FINISHED"})
    return run_id, model_id


def test_an_experiment_is_listed_with_its_tags(mlflow, name):
    id_ = mlflow.create_experiment(name, {"team": "growth"})
    mlflow.set_experiment_tag(id_, "owner", "us")

    seen = {e.id: e for e in mlflow.experiments()}[id_]

    assert seen.name == name
    assert seen.tags == {"team": "growth", "owner": "us"}
    assert not seen.deleted
    assert seen.created_ms > 0


def test_a_deleted_experiment_is_listed_keeps_its_name_and_can_be_restored(
    mlflow, http, name
):
    id_ = mlflow.create_experiment(name, {})
    http.post("/api/2.0/mlflow/experiments/delete", json={"experiment_id": id_})

    with pytest.raises(ConflictError):
        mlflow.create_experiment(name, {})
    assert {e.id: e for e in mlflow.experiments()}[id_].deleted

    mlflow.restore_experiment(id_)

    assert not {e.id: e for e in mlflow.experiments()}[id_].deleted


def test_a_model_is_listed_with_its_tags_description_and_aliases(mlflow, name):
    mlflow.create_model(name, {"a": "1", "b": "2"}, "first")
    version = mlflow.create_version(name, "s3://bucket/model", "", {})
    mlflow.update_model(name, "second")
    mlflow.set_model_tag(name, "c", "3")
    mlflow.delete_model_tag(name, "a")
    mlflow.set_alias(name, "production", version.number)

    seen = {m.name: m for m in mlflow.models()}[name]

    assert seen.description == "second"
    assert seen.tags == {"b": "2", "c": "3"}
    assert seen.aliases == {"production": 1}


def test_an_alias_can_be_deleted_twice(mlflow, name):
    mlflow.create_model(name, {})
    version = mlflow.create_version(name, "s3://bucket/model", "", {})
    mlflow.set_alias(name, "production", version.number)

    mlflow.delete_alias(name, "production")
    mlflow.delete_alias(name, "production")

    assert {m.name: m for m in mlflow.models()}[name].aliases == {}


def test_a_tag_of_a_version_can_be_deleted_twice(mlflow, name):
    mlflow.create_model(name, {})
    version = mlflow.create_version(name, "s3://bucket/model", "", {"a": "1", "b": "2"})

    mlflow.delete_version_tag(name, version.number, "a")
    mlflow.delete_version_tag(name, version.number, "a")

    seen = next(v for v in mlflow.versions() if v.model == name)
    assert seen.tags == {"b": "2"}


def test_a_name_is_unique(mlflow, name):
    mlflow.create_model(name, {})

    with pytest.raises(ConflictError):
        mlflow.create_model(name, {})


def test_a_missing_object_is_not_found(mlflow, name):
    with pytest.raises(NotFoundError):
        mlflow.set_model_tag(name, "k", "v")


def test_a_version_carries_its_tags_from_the_first_moment(mlflow, name):
    mlflow.create_model(name, {})

    made = mlflow.create_version(name, "s3://bucket/model", "", {"k": "v"}, "why")
    mlflow.set_version_tag(name, made.number, "later", "too")

    seen = next(v for v in mlflow.versions() if v.model == name)
    assert made.tags == {"k": "v"}
    assert seen.tags == {"k": "v", "later": "too"}
    assert (seen.number, seen.source, seen.status) == (1, "s3://bucket/model", "READY")
    assert seen.created_ms == made.created_ms > 0


def test_the_model_a_run_logged_becomes_a_version(mlflow, http, name):
    experiment = mlflow.create_experiment(name, {})
    run_id, model_id = finished_run(http, experiment, {"acc": 0.9, "nan": "NaN"})
    mlflow.create_model(name, {})

    (run,) = mlflow.runs(experiment, "acc")
    version = mlflow.create_version(name, run.source, run.id, {})

    assert run.id == run_id
    assert run.metrics["acc"] == 0.9
    assert run.started_ms == 5
    assert version.source == run.source == f"models:/{model_id}"
    assert version.run_id == run_id


def test_an_unfinished_run_is_no_candidate(mlflow, http, name):
    experiment = mlflow.create_experiment(name, {})
    body = {"experiment_id": experiment, "start_time": 5}
    http.post("/api/2.0/mlflow/runs/create", json=body)

    assert mlflow.runs(experiment, "acc") == ()


def test_a_foreign_host_name_is_refused_with_its_remedy(url):
    with http_client(url) as http:
        http.headers["host"] = "mlflow.example.com"

        with pytest.raises(PermanentError, match="MLFLOW_SERVER_ALLOWED_HOSTS"):
            MlflowApi(http).models()


def test_the_client_connects_to_the_resolved_address(url):
    port = httpx.URL(url).port
    named = f"http://localhost.internal:{port}"

    with http_client(named, names=FixedNames(["127.0.0.1"])) as http:
        http.headers["host"] = "localhost"

        assert MlflowApi(http).experiments()


MODEL_FILE = """\
flavors: {}
signature:
  inputs: '[{"type": "double", "name": "a", "required": true}]'
  outputs: null
"""


def logged_with_a_file(http: httpx.Client, mlflow: MlflowApi, name: str, text: str):
    """Register a logged model whose MLmodel file is ``text``."""
    experiment = mlflow.create_experiment(name, {})
    run_id, model_id = finished_run(http, experiment, {})
    folder = f"/api/2.0/mlflow-artifacts/artifacts/{experiment}/models/{model_id}"
    stored = http.put(f"{folder}/artifacts/MLmodel", content=text)
    assert stored.is_success, stored.text
    mlflow.create_model(name, {})
    return mlflow.create_version(name, f"models:/{model_id}", run_id, {})


def test_the_signature_of_a_logged_model_is_read(http, mlflow, name):
    version = logged_with_a_file(http, mlflow, name, MODEL_FILE)

    assert mlflow.signature(version) == ModelSignature(
        (ModelInput("a", "double", True),)
    )


def test_a_model_without_a_signature_says_so(http, mlflow, name):
    version = logged_with_a_file(http, mlflow, name, "flavors: {}\n")

    assert mlflow.signature(version) == UnreadableSignature(
        "it was logged without a signature"
    )


def test_the_signature_of_an_artifact_of_a_run_is_read(http, mlflow, name):
    """Clients of MLflow 2 log models as artifacts of their run."""
    experiment = mlflow.create_experiment(name, {})
    run_id, _ = finished_run(http, experiment, {})
    folder = f"/api/2.0/mlflow-artifacts/artifacts/{experiment}/{run_id}/artifacts"
    stored = http.put(f"{folder}/model/MLmodel", content=MODEL_FILE)
    assert stored.is_success, stored.text
    mlflow.create_model(name, {})
    version = mlflow.create_version(name, f"runs:/{run_id}/model", run_id, {})

    assert isinstance(mlflow.signature(version), ModelSignature)


def test_the_signature_of_a_logged_model_is_read_by_the_address_of_its_run(
    http, mlflow, name
):
    """``runs:/RUN/NAME`` is also the address of a model that MLflow 3 logged."""
    logged = logged_with_a_file(http, mlflow, name, MODEL_FILE)
    source = f"runs:/{logged.run_id}/model"
    version = mlflow.create_version(name, source, logged.run_id, {})

    assert isinstance(mlflow.signature(version), ModelSignature)


def test_a_run_without_a_model_of_that_name_has_no_signature(http, mlflow, name):
    logged = logged_with_a_file(http, mlflow, name, MODEL_FILE)
    source = f"runs:/{logged.run_id}/other"
    version = mlflow.create_version(name, source, logged.run_id, {})

    with pytest.raises(NotFoundError):
        mlflow.signature(version)


def test_a_signature_whose_file_is_missing_raises(http, mlflow, name):
    experiment = mlflow.create_experiment(name, {})
    run_id, model_id = finished_run(http, experiment, {})
    mlflow.create_model(name, {})
    version = mlflow.create_version(name, f"models:/{model_id}", run_id, {})

    with pytest.raises(NotFoundError):
        mlflow.signature(version)


def test_a_server_with_a_static_prefix_is_used_with_it(tmp_path):
    variables = {"_MLFLOW_STATIC_PREFIX": "/ml"}

    with MlflowServer(tmp_path, variables=variables) as server:
        with http_client(f"{server.url}/ml") as http:
            named = {e.name for e in MlflowApi(http).experiments()}
        with (
            http_client(server.url) as http,
            pytest.raises(PermanentError, match=r"platform\.mlflow\.prefix"),
        ):
            MlflowApi(http).models()

    assert named == {"Default"}


def test_the_most_recent_versions_come_first(mlflow, name):
    mlflow.create_model(name, {})
    for number in range(3):
        mlflow.create_version(name, f"s3://bucket/{number}", "", {})

    recent = mlflow.recent_versions(2)

    assert [(v.model, v.number) for v in recent] == [(name, 3), (name, 2)]
    assert all(v.updated_ms >= v.created_ms > 0 for v in recent)
