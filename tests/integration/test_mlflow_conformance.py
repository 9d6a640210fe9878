"""The simulated MLflow answers as a real server does: the same calls, played to both."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from controller.clients.http import http_client
from controller.clients.mlflow.rest import MlflowRest
from controller.core.errors import DriverError
from controller.emulation.clocks import SteppedClock
from controller.emulation.mlflow import MlflowServer
from tests.fakes.sim_mlflow import SimulatedMlflow
from tests.fakes.sim_wire import Wire

TAG = {"key": "team", "value": "growth"}
SOURCE = "s3://models/one"
M, V = "registered-models", "model-versions"


def version(number: int, **more: Any) -> dict[str, Any]:
    return {"name": "leads", "version": str(number), **more}


CALLS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("POST", "experiments/create", {"name": "scoring", "tags": [TAG]}),
    ("POST", "experiments/create", {"name": "scoring"}),
    ("POST", "experiments/delete", {"experiment_id": "1"}),
    ("POST", "experiments/delete", {"experiment_id": "1"}),
    ("POST", "experiments/create", {"name": "scoring"}),
    (
        "POST",
        "experiments/set-experiment-tag",
        {"experiment_id": "1", "key": "a", "value": "b"},
    ),
    ("POST", "experiments/restore", {"experiment_id": "1"}),
    ("POST", "experiments/restore", {"experiment_id": "1"}),
    (
        "POST",
        "experiments/set-experiment-tag",
        {"experiment_id": "1", "key": "a", "value": "b"},
    ),
    ("POST", "experiments/search", {"max_results": 10, "view_type": "ALL"}),
    ("POST", f"{V}/create", {"name": "leads", "source": SOURCE}),
    ("POST", f"{M}/create", {"name": "leads", "tags": [TAG], "description": "Leads."}),
    ("POST", f"{M}/create", {"name": "leads"}),
    ("POST", f"{V}/create", {"name": "leads", "source": SOURCE, "tags": [TAG]}),
    ("POST", f"{V}/create", {"name": "leads", "source": SOURCE, "tags": [TAG]}),
    ("GET", f"{V}/search", {"max_results": 10}),
    ("POST", f"{M}/alias", version(1, alias="production")),
    ("POST", f"{M}/alias", version(1, alias="production")),
    ("POST", f"{M}/alias", version(2, alias="production")),
    ("POST", f"{M}/alias", version(9, alias="production")),
    ("POST", f"{M}/alias", version(1, alias="latest")),
    ("POST", f"{M}/alias", version(1, alias="v3")),
    ("GET", f"{M}/search", {"max_results": 10}),
    ("POST", f"{V}/set-tag", version(1, key="k", value="w")),
    ("POST", f"{V}/set-tag", version(9, key="k", value="w")),
    ("POST", f"{M}/set-tag", {"name": "leads", "key": "k", "value": "w"}),
    ("POST", f"{M}/set-tag", {"name": "nobody", "key": "k", "value": "w"}),
    ("PATCH", f"{M}/update", {"name": "leads", "description": "More leads."}),
    ("PATCH", f"{M}/update", {"name": "nobody", "description": "None."}),
    ("DELETE", f"{V}/delete", version(2)),
    ("DELETE", f"{V}/delete", version(2)),
    ("GET", f"{M}/search", {"max_results": 10}),
    ("POST", f"{V}/create", {"name": "leads", "source": SOURCE}),
    ("DELETE", f"{M}/alias", {"name": "leads", "alias": "nobody"}),
    ("DELETE", f"{M}/delete-tag", {"name": "leads", "key": "k"}),
    ("GET", f"{V}/search", {"max_results": 10}),
    ("DELETE", f"{M}/delete", {"name": "leads"}),
    ("DELETE", f"{M}/delete", {"name": "leads"}),
    ("GET", f"{V}/search", {"max_results": 10}),
    ("POST", f"{M}/create", {"name": "leads"}),
    ("POST", f"{V}/create", {"name": "leads", "source": SOURCE}),
    ("GET", f"{V}/search", {"max_results": 10}),
)
# What we read of an answer; the rest is not part of the bargain.
_READ = frozenset(
    {
        *("name", "description", "tags", "aliases", "version", "source", "status"),
        *("run_id", "lifecycle_stage", "experiment_id", "key", "value", "alias"),
        *("registered_model", "registered_models", "model_version", "model_versions"),
        "experiments",
    }
)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowRest]:
    directory: Path = tmp_path_factory.mktemp("mlflow")
    with MlflowServer(directory) as server, http_client(server.url) as http:
        yield MlflowRest(http)


def test_the_same_calls_get_the_same_answers(real: MlflowRest):
    simulated = SimulatedMlflow(Wire(), SteppedClock())

    for number, call in enumerate(CALLS):
        assert played(simulated, call) == played(real, call), (number, call)


def played(server: MlflowRest, call: tuple[str, str, dict[str, Any]]) -> Any:
    """Return what we read of the answer, or the class of the error."""
    method, path, asked = call
    by = {"params": asked} if method == "GET" else {"body": asked}
    try:
        return _read(server.request(method, path, **by))
    except DriverError as error:
        return type(error).__name__


def _read(answer: Any) -> Any:
    match answer:
        case dict():
            if answer.get("name") == "Default":
                return None
            kept = {k: _read(v) for k, v in answer.items() if k in _READ}
            return {k: v for k, v in kept.items() if v not in ("", None, [])}
        case list():
            return sorted((r for r in map(_read, answer) if r), key=repr)
        case _:
            return str(answer)
