"""A session of MLflow's own client, as a program: prints its results as JSON.

Ids and times are replaced, so that the results of two servers can be compared. Run it
with MLFLOW_TRACKING_URI and the credentials of the server in the environment.
"""

import json
import re
import sys
import tempfile
from pathlib import Path

import mlflow
import numpy as np
from mlflow import MlflowClient
from sklearn.linear_model import LogisticRegression

ODD_NAME = "a b+%é.txt"
_ID = re.compile(r"tr-[0-9a-f]{32}|m-[0-9a-f]{32}|[0-9a-f]{32}")


def session(folder: Path) -> dict[str, object]:
    """Return the results of everything that the client did."""
    client = MlflowClient()
    experiment = mlflow.set_experiment("flow")
    features, classes = np.array([[0.0], [1.0]]), np.array([0, 1])
    seen: dict[str, object] = {"experiment": experiment.name}
    for name, content in ((ODD_NAME, "odd"), ("empty", ""), ("plain", "plain")):
        (folder / name).write_text(content)
    with mlflow.start_run(run_name="first") as run:
        mlflow.log_params({"depth": 3, "rate": 0.1})
        mlflow.log_metrics({"score": 0.25}, step=0)
        mlflow.log_metrics({"score": 0.75}, step=1)
        mlflow.set_tags({"team": "leads", "odd key/.:-_": "é = 'a' & b"})
        mlflow.log_artifact(str(folder / ODD_NAME))
        mlflow.log_artifact(str(folder / "empty"), "sub")
        mlflow.log_artifact(str(folder / "plain"), "sub/dir")
        mlflow.log_dict({"a": [1, {"b": None}]}, "deep/er.json")
        mlflow.log_input(mlflow.data.from_numpy(features, name="rows"))
        model = mlflow.sklearn.log_model(
            LogisticRegression().fit(features, classes),
            name="model",
            pip_requirements=["scikit-learn"],
            registered_model_name="leads",
        )
    client.set_registered_model_alias("leads", "champion", "1")
    client.set_registered_model_tag("leads", "symbol", "LEAD")
    client.set_model_version_tag("leads", "1", "stage", "dev")
    client.update_registered_model("leads", "Scores leads.")
    run_id = run.info.run_id
    got = client.get_run(run_id)
    seen["run"] = [got.data.params, got.data.metrics, own(got.data.tags)]
    seen["inputs"] = [i.dataset.name for i in got.inputs.dataset_inputs]
    seen["history"] = [
        (m.step, m.value) for m in client.get_metric_history(run_id, "score")
    ]
    seen["files"] = {
        path: sorted((f.path, f.file_size) for f in client.list_artifacts(run_id, path))
        for path in ("", "sub", "sub/dir", "deep")
    }
    seen["contents"] = [
        Path(client.download_artifacts(run_id, path)).read_text()
        for path in (ODD_NAME, "sub/empty", "sub/dir/plain", "deep/er.json")
    ]
    by_alias = client.get_model_version_by_alias("leads", "champion")
    seen["version"] = [by_alias.version, by_alias.tags, own(by_alias.aliases)]
    loaded = mlflow.pyfunc.load_model("models:/leads@champion")
    seen["predictions"] = loaded.predict(features).tolist()
    seen["logged model"] = client.get_logged_model(model.model_id).name
    seen["models"] = [
        (m.name, m.description, m.tags, m.aliases)
        for m in client.search_registered_models("name LIKE 'le%'")
    ]
    seen["versions"] = [
        (v.version, v.run_id) for v in client.search_model_versions("name='leads'")
    ]
    seen["runs"] = [
        r.info.run_name
        for r in client.search_runs(
            [experiment.experiment_id], "metrics.score > 0.5 and params.depth = '3'"
        )
    ]
    seen["trace"] = traced(experiment.experiment_id)
    seen["errors"] = errors(client)
    client.delete_tag(run_id, "team")
    client.delete_run(run_id)
    seen["deleted"] = client.get_run(run_id).info.lifecycle_stage
    client.restore_run(run_id)
    seen["restored"] = client.get_run(run_id).info.lifecycle_stage
    client.delete_registered_model_alias("leads", "champion")
    client.delete_model_version("leads", "1")
    client.delete_registered_model("leads")
    seen["left"] = len(client.search_registered_models())
    return seen


def traced(experiment_id: str) -> list[object]:
    """Return the trace that a traced function leaves."""

    def double(number: int) -> int:
        return 2 * number

    mlflow.trace(double)(21)
    mlflow.flush_trace_async_logging()
    traces = mlflow.search_traces(locations=[experiment_id], return_type="list")
    return [
        (t.info.state, [(s.name, s.inputs, s.outputs) for s in t.data.spans])
        for t in traces
    ]


def errors(client: MlflowClient) -> list[object]:
    """Return the errors of requests that MLflow refuses."""
    found: list[object] = []
    for request in (
        lambda: client.get_run("0" * 32),
        lambda: client.get_registered_model("none"),
        lambda: client.create_registered_model("leads"),
        lambda: client.search_runs(["0"], "no filter"),
    ):
        try:
            request()
        except mlflow.exceptions.MlflowException as error:
            found.append((error.error_code, error.message.splitlines()[0]))
    return found


def own(tags: object) -> object:
    """Return tags without those of the machine."""
    if not isinstance(tags, dict):
        return tags
    return {k: v for k, v in tags.items() if not k.startswith("mlflow.")}


def without_ids(text: str) -> str:
    """Return ``text`` with numbered ids."""
    known: dict[str, str] = {}
    return _ID.sub(lambda m: known.setdefault(m[0], f"id-{len(known)}"), text)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        results = session(Path(name))
    sys.stdout.write(without_ids(json.dumps(results, default=str)) + "\n")
