"""Experiments and models on a real MLflow server."""

import json

import httpx
import pytest

from controller.clients.http import http_client
from controller.clients.mlflow import MlflowReader
from controller.core.errors import NotFoundError
from controller.core.models.model_id import former_ids
from controller.core.models.registration import (
    DUPLICATE_TAG,
    MODEL_ID_TAG,
    REGISTRATION_TAG,
    VALUE_TAG,
)
from controller.core.resources.condition import Truth
from controller.core.resources.importing import ImportSelection
from controller.core.resources.plan import Hold, Reason
from controller.core.webhooks.event import identity_of
from controller.emulation.mlflow import MlflowServer
from controller.kinds.experiment.driver import ExperimentDriver
from controller.spec.literals import looks_secret
from tests.builders.mlflow_registry import MlflowRegistry
from tests.builders.reconcile_loop import declared


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with MlflowServer(tmp_path_factory.mktemp("mlflow")) as running:
        yield running


@pytest.fixture
def registry(server):
    with http_client(server.url) as http:
        yield MlflowRegistry(http)


def test_a_model_is_registered_once_however_often_we_look(registry):
    model = registry.model(token_symbol="LSCOR")

    registry.machine.settle(model)
    for _ in range(3):
        result = registry.machine.run(model)
        assert result.outcomes == {}

    assert len(registry.versions()) == 1


def test_what_somebody_registered_twice_is_marked_and_the_first_is_ours(registry):
    model = registry.model(aliases={"production": "latest"})
    registry.machine.settle(model)
    (first,) = registry.versions()
    copy = registry.api.create_version(
        registry.name,
        first.source,
        "",
        {REGISTRATION_TAG: first.tags[REGISTRATION_TAG]},
    )

    registry.machine.settle(model)

    marked = {v.number: v.tags.get(DUPLICATE_TAG) for v in registry.versions()}
    assert marked == {first.number: None, copy.number: str(first.number)}
    models = {m.name: m for m in registry.api.models()}
    assert models[registry.name].aliases == {"production": first.number}


def test_an_alias_that_was_moved_by_hand_is_put_back(registry):
    model = registry.model(aliases={"production": 1})
    registry.machine.settle(model)
    stranger = registry.api.create_version(registry.name, "s3://bucket/other", "", {})
    registry.api.set_alias(registry.name, "production", stranger.number)

    result = registry.machine.settle(model)

    assert result.converged
    models = {m.name: m for m in registry.api.models()}
    assert models[registry.name].aliases == {"production": 1}


def test_a_model_of_somebody_else_is_reported_and_not_touched(registry):
    registry.api.create_model(registry.name, {"team": "risk"})

    result = registry.machine.run(registry.model())

    (advice,) = result.left.advice
    assert advice.reason is Reason.NOT_MANAGED
    assert registry.versions() == []


def test_a_model_is_adopted_when_the_document_says_so(registry):
    registry.api.create_model(registry.name, {"team": "risk"})
    fields = {"versions": [{"source": "s3://bucket/model"}]}
    model = declared("model", registry.name, fields, adopt=True)

    result = registry.machine.settle(model)

    assert result.converged
    tags = {m.name: m.tags for m in registry.api.models()}[registry.name]
    assert tags["team"] == "risk"
    assert tags["hokusai.ai/managed-by"] == registry.owner


def test_the_best_run_is_selected_and_a_better_one_later_is_registered(registry):
    experiment = declared("experiment", registry.name, {})
    selection = {
        "experiment": registry.name,
        "metric": "accuracy",
        "minimum": 0.6,
    }
    model = registry.model(
        versions=[{"select": selection}],
        benchmark={"metric": "accuracy", "baseline": 0.65},
        aliases={"production": "latest-passing"},
    )
    waiting = registry.machine.settle(experiment, model, passes=3)
    held = {b.target.kind: b.hold for b in waiting.left.blocked}
    assert held == {"model": Hold.NO_MATCHING_RUN}
    ids = {e.name: e.id for e in registry.api.experiments()}

    registry.run(ids[registry.name], {"accuracy": 0.5})
    registry.run(ids[registry.name], {"accuracy": 0.99}, source=False)
    good = registry.run(ids[registry.name], {"accuracy": 0.8})
    registry.machine.settle(experiment, model)
    better = registry.run(ids[registry.name], {"accuracy": 0.9})
    result = registry.machine.settle(experiment, model)

    assert result.converged
    assert [v.run_id for v in sorted(registry.versions(), key=lambda v: v.number)] == [
        good,
        better,
    ]
    models = {m.name: m for m in registry.api.models()}
    assert models[registry.name].aliases == {"production": 2}


@pytest.mark.parametrize("path", ["model", "a/b c"])
def test_a_source_in_a_run_is_registered_with_that_run(registry, path):
    experiment = declared("experiment", registry.name, {})
    registry.machine.settle(experiment)
    (id_,) = [e.id for e in registry.api.experiments() if e.name == registry.name]
    run = registry.run(id_, {"accuracy": 0.9})
    model = registry.model(versions=[{"source": f"runs:/{run}/{path}"}])

    result = registry.machine.settle(experiment, model)

    (version,) = registry.versions()
    assert result.converged
    assert version.run_id == run


def test_a_run_of_an_mlflow_2_client_is_selected_by_its_history(registry):
    experiment = declared("experiment", registry.name, {})
    registry.machine.settle(experiment)
    (id_,) = [e.id for e in registry.api.experiments() if e.name == registry.name]
    run = registry.run(id_, {"loss: eval": 0.9}, source=False)
    history = [{"run_id": run, "artifact_path": "model", "flavors": {"sklearn": {}}}]
    registry.post(
        "runs/set-tag",
        run_id=run,
        key="mlflow.log-model.history",
        value=json.dumps(history),
    )
    selection = {"experiment": registry.name, "metric": "loss: eval", "mode": "min"}

    model = registry.model(versions=[{"select": selection}])
    result = registry.machine.settle(experiment, model)

    (version,) = registry.versions()
    assert result.converged
    assert (version.source, version.run_id) == (f"runs:/{run}/model", run)


@pytest.mark.parametrize("origin", ["selected", "run", "uri", "another program"])
def test_every_origin_is_measured_and_promoted_alike(registry, origin):
    experiment = declared("experiment", registry.name, {})
    registry.machine.settle(experiment)
    (id_,) = [e.id for e in registry.api.experiments() if e.name == registry.name]
    run = registry.run(id_, {"accuracy": 0.8})
    (logged,) = registry.api.runs(id_, "accuracy")
    sources = {
        "selected": {"select": {"experiment": registry.name, "metric": "accuracy"}},
        "run": {"source": f"runs:/{run}/model"},
        "uri": {"source": logged.source},
    }
    fields = {
        "benchmark": {"metric": "accuracy", "baseline": 0.65},
        "aliases": {"production": "latest-passing"},
        "versions": [sources[origin]] if origin in sources else [],
    }
    model = declared("model", registry.name, fields, adopt=True)
    if origin not in sources:
        registry.api.create_model(registry.name, {})
        registry.api.create_version(registry.name, logged.source, run, {})

    result = registry.machine.settle(experiment, model)

    (version,) = registry.versions()
    assert result.converged
    assert (version.run_id, version.tags[VALUE_TAG]) == (run, "0.8")
    models = {m.name: m for m in registry.api.models()}
    assert models[registry.name].aliases == {"production": 1}
    measured = result.statuses[model.id]["Measured"]
    assert (measured.status, measured.reason) == (Truth.TRUE, "Measured")


def test_a_version_without_a_value_passes_no_gate_and_is_reported(registry):
    fields = {
        "benchmark": {"metric": "accuracy", "baseline": 0.65},
        "aliases": {"production": "latest-passing"},
    }

    result = registry.machine.settle(registry.model(**fields))

    (conditions,) = result.statuses.values()
    assert conditions["Measured"].reason == "MetricsMissing"
    assert "no value of accuracy" in conditions["Measured"].message
    models = {m.name: m for m in registry.api.models()}
    assert models[registry.name].aliases == {}


def test_a_field_that_is_no_longer_declared_is_removed(registry):
    full = {
        "versions": [{"source": "s3://bucket/model"}],
        "description": "Scores leads.",
        "token_symbol": "LSCOR",
        "tags": {"team": "growth", "tier: a": "1"},
        "aliases": {"production": "latest", "canary": 1},
    }
    registry.machine.settle(declared("model", registry.name, full))
    registry.api.set_model_tag(registry.name, "stranger", "1")
    registry.api.set_alias(registry.name, "pinned", 1)
    less = {"versions": full["versions"], "tags": {"team": "growth"}}

    result = registry.machine.settle(
        declared("model", registry.name, {**less, "aliases": {"canary": 1}})
    )
    again = registry.machine.run(
        declared("model", registry.name, {**less, "aliases": {"canary": 1}})
    )

    (model,) = [m for m in registry.api.models() if m.name == registry.name]
    assert (result.converged, again.outcomes) == (True, {})
    assert model.description == ""
    assert model.aliases == {"canary": 1, "pinned": 1}
    kept = {k: v for k, v in model.tags.items() if not k.startswith("hokusai.ai/")}
    assert kept == {"team": "growth", "stranger": "1"}


def test_a_field_that_was_never_declared_is_not_removed_by_adoption(registry):
    registry.api.create_model(registry.name, {"team": "risk"}, "Old.")
    version = registry.api.create_version(registry.name, "s3://bucket/model", "", {})
    registry.api.set_alias(registry.name, "production", version.number)

    registry.machine.settle(declared("model", registry.name, {}, adopt=True))

    (model,) = [m for m in registry.api.models() if m.name == registry.name]
    assert (model.description, model.tags["team"]) == ("Old.", "risk")
    assert model.aliases == {"production": version.number}


def test_an_experiment_loses_what_is_no_longer_declared(registry):
    full = {"description": "Leads.", "tags": {"team": "growth", "tier": "1"}}
    registry.machine.settle(declared("experiment", registry.name, full))

    result = registry.machine.settle(
        declared("experiment", registry.name, {"tags": {"team": "growth"}})
    )

    (experiment,) = [e for e in registry.api.experiments() if e.name == registry.name]
    kept = {k: v for k, v in experiment.tags.items() if not k.startswith("hokusai.ai/")}
    assert result.converged
    assert kept == {"team": "growth"}


def test_an_adopted_model_keeps_its_id_until_the_document_changes_it(registry):
    registry.api.create_model(f"{registry.name} Old", {MODEL_ID_TAG: "stranger-model"})
    registry.name += " Old"
    fields = {"name": registry.name}
    adopted = declared("model", "stranger", fields, adopt=True)

    registry.machine.settle(adopted)
    (kept,) = [m for m in registry.api.models() if m.name == registry.name]
    edited = declared("model", "stranger", {**fields, "id": "27"}, adopt=True)
    planned = registry.machine.run(edited).plan
    registry.machine.settle(edited)

    assert kept.tags[MODEL_ID_TAG] == "stranger-model"
    (action,) = planned.actions
    change = next(c for c in action.changes if c.path == f"tags.{MODEL_ID_TAG}")
    assert (change.before, change.after) == ("stranger-model", "27")
    (model,) = [m for m in registry.api.models() if m.name == registry.name]
    assert model.tags[MODEL_ID_TAG] == "27"
    assert former_ids(model.tags) == ("stranger-model",)


def test_an_imported_model_is_adopted_without_a_change(registry):
    name = f"{registry.name} of Others"
    registry.name = name
    tags = {"team": "risk", "password": "hunter2hunter2", "mlflow.x": "1"}
    registry.api.create_model(name, tags, "Old.")
    benchmark = {"benchmark_metric": "auc", "benchmark_value": "0.7"}
    version = registry.api.create_version(name, "s3://b/m", "", benchmark)
    registry.api.set_alias(name, "production", version.number)
    driver = registry.machine.reconciler.observer.drivers["model"]

    (entry,) = driver.entries(ImportSelection(name, key="risk"), looks_secret)
    document = {k: v for k, v in entry.fields.items() if k != "adopt"}
    result = registry.machine.settle(declared("model", "risk", document, adopt=True))

    (model,) = [m for m in registry.api.models() if m.name == name]
    assert result.converged
    assert len(registry.versions()) == 1
    assert entry.fields["aliases"] == {"production": 1}
    assert entry.fields["benchmark"] == {"metric": "auc", "baseline": 0.7}
    assert "password" not in entry.fields["tags"]
    assert any("password" in remark for remark in entry.remarks)
    kept = {k: v for k, v in model.tags.items() if not k.startswith("hokusai.ai/")}
    assert (kept, model.description) == (tags, "Old.")


def test_an_imported_experiment_is_adopted_without_a_change(registry):
    tags = {"team": "risk", "mlflow.note.content": "Old."}
    registry.api.create_experiment(registry.name, tags)
    driver = registry.machine.reconciler.observer.drivers["experiment"]

    (entry,) = driver.entries(ImportSelection(registry.name), looks_secret)
    fields = {k: v for k, v in entry.fields.items() if k != "adopt"}
    result = registry.machine.settle(
        declared("experiment", entry.key, fields, adopt=True)
    )

    assert result.converged
    assert fields == {"description": "Old.", "tags": {"team": "risk"}}
    with pytest.raises(NotFoundError, match="no experiment nothing"):
        driver.entries(ImportSelection("nothing"), looks_secret)


def test_the_runs_of_an_experiment_are_shown_with_metrics_and_users(registry):
    experiment = declared("experiment", registry.name, {})
    registry.machine.settle(experiment)
    (id_,) = [e.id for e in registry.api.experiments() if e.name == registry.name]
    runs = [registry.run(id_, {"loss": loss, "f1": 0.5}) for loss in (0.3, 0.1, 0.2)]
    registry.post("runs/set-tag", run_id=runs[2], key="mlflow.user", value="ada")
    driver = ExperimentDriver(
        registry.api,
        MlflowReader(registry.api),
        registry.owner,
        lambda _key: (("loss", "min"),),
    )

    latest, best = driver.details(experiment)

    assert latest.title == "latest runs"
    assert {row[0] for row in latest.rows} == set(runs)
    assert best.title == "best runs by loss (min)"
    assert [row[0] for row in best.rows] == [runs[1], runs[2], runs[0]]
    assert best.rows[1][2:] == ("FINISHED", "ada", "f1 0.5, loss 0.2")


def test_a_deleted_experiment_is_brought_back(registry):
    experiment = declared("experiment", registry.name, {"tags": {"team": "growth"}})
    registry.machine.settle(experiment)
    id_ = {e.name: e.id for e in registry.api.experiments()}[registry.name]
    registry.post("experiments/delete", experiment_id=id_)

    result = registry.machine.settle(experiment)

    assert result.converged
    states = {e.name: e.lifecycle_stage for e in registry.api.experiments()}
    assert states[registry.name] == "active"


def test_a_restored_experiment_has_its_tags_and_its_description(registry):
    fields = {"description": "Scores leads.", "tags": {"team": "growth"}}
    experiment = declared("experiment", registry.name, fields)
    registry.machine.settle(experiment)
    id_ = {e.name: e.id for e in registry.api.experiments()}[registry.name]
    registry.api.set_experiment_tag(id_, "note", "of a person")
    registry.post("experiments/delete", experiment_id=id_)

    registry.machine.settle(experiment)

    tags = {e.id: e.tags for e in registry.api.experiments()}[id_]
    assert tags["mlflow.note.content"] == "Scores leads."
    assert (tags["team"], tags["note"]) == ("growth", "of a person")


def test_another_artifact_location_is_advice_also_for_a_deleted_experiment(registry):
    experiment = declared("experiment", registry.name, {})
    registry.machine.settle(experiment)
    id_ = {e.name: e.id for e in registry.api.experiments()}[registry.name]
    before = {e.id: e.artifact_location for e in registry.api.experiments()}[id_]
    registry.post("experiments/delete", experiment_id=id_)
    moved = declared(
        "experiment", registry.name, {"artifact_location": "s3://bucket/moved"}
    )

    result = registry.machine.settle(moved)

    (advice,) = result.left.advice
    assert [change.path for change in advice.changes] == ["artifact_location"]
    after = {e.id: e for e in registry.api.experiments()}[id_]
    assert (after.deleted, after.artifact_location) == (False, before)


def test_a_model_that_was_deleted_and_created_again_has_other_versions(registry):
    model = registry.model(aliases={"production": "latest"})
    registry.machine.settle(model)
    (first,) = registry.versions()
    body = {"name": registry.name}
    url = "/api/2.0/mlflow/registered-models/delete"
    registry.http.request("DELETE", url, json=body).raise_for_status()

    result = registry.machine.settle(model)

    assert result.converged
    (again,) = registry.versions()
    assert (again.number, again.source) == (first.number, first.source)
    assert identity_of("mlflow", again) != identity_of("mlflow", first)


def test_a_server_that_is_away_makes_everything_unknown(registry):
    with httpx.Client(base_url="http://127.0.0.1:9") as nowhere:
        away = MlflowRegistry(nowhere)

        result = away.machine.run(away.model())

    (blocked,) = result.left.blocked
    assert blocked.hold is Hold.UNKNOWN
    assert "could not be sent" in blocked.message
