"""What training code imports, against a real MLflow server."""

import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import mlflow
import numpy as np
import pytest

from controller.clients.http import http_client
from controller.clients.mlflow import MlflowApi
from controller.core.models.registration import DUPLICATE_TAG, best_run, originals
from controller.emulation.mlflow import MlflowServer
from controller.registry import ExperimentManager, ModelRegistry, RegistryError

# MLflow warns about its own type hints when it is imported.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

ADDRESS = "0x" + "a1" * 20
_NAMES = count(1)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with MlflowServer(tmp_path_factory.mktemp("mlflow")) as running:
        yield running


@pytest.fixture(autouse=True)
def keys(monkeypatch):
    """Set and restore the variables of MLflow's client."""
    for name in ("MLFLOW_TRACKING_TOKEN", "HOKUSAI_API_KEY", "MLFLOW_TRACKING_URI"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOKUSAI_CODE_VERSION", "c0ffee")
    yield
    os.environ.pop("MLFLOW_TRACKING_TOKEN", None)


@pytest.fixture
def registry(server):
    return ModelRegistry(server.url)


@pytest.fixture
def experiments(server):
    return ExperimentManager(server.url)


@pytest.fixture
def name():
    return f"Lead's model {next(_NAMES)}"


def trained(experiments, name, accuracy=0.8, model="model"):
    """Return a finished run with a metric and a logged model."""
    with experiments.start_experiment(name) as run:
        run.log_metrics({"accuracy": accuracy, "f1": 0.5})
        run.log_param("depth", 3)
        mlflow.create_external_model(name=model, source_run_id=run.run_id)
    return run


def test_a_tokenized_model_has_the_tags_that_the_platform_knows(
    registry, experiments, name
):
    run = trained(experiments, name)

    entry = registry.register_tokenized_model(
        run.model_uri(), name, "lscor", "accuracy", 0.65, {"ticker": "LEAD"}
    )

    assert entry.token_symbol == "LSCOR"
    assert entry.baseline_metrics == {"accuracy": 0.65}
    assert entry.metrics["accuracy"] == 0.8
    assert entry.run_id == run.run_id
    known = {
        "hokusai_token_id": "LSCOR",
        "benchmark_metric": "accuracy",
        "benchmark_value": "0.65",
        "hokusai_status": "registered",
        "hokusai_proposal_identifier": "LEAD",
        "mlflow_run_id": run.run_id,
        "ticker": "LEAD",
    }
    assert {key: entry.tags.get(key) for key in known} == known


def test_an_improved_model_has_a_lineage(registry, experiments, name):
    base = registry.register_baseline(trained(experiments, name).model_uri(), name)
    better = trained(experiments, name, 0.9)

    improved = registry.register_improved_model(
        better.model_uri(),
        baseline_id=base.id,
        delta_metrics={"accuracy": 0.1},
        contributor=ADDRESS,
    )
    lineage = registry.get_model_lineage(improved.id)

    assert (base.is_baseline, improved.is_baseline) == (True, False)
    assert improved.contributor == ADDRESS
    assert [entry.id for entry in lineage.entries] == [base.id, improved.id]
    assert lineage.total_improvement == {"accuracy": 0.1}


def test_a_repeated_registration_returns_the_same_version(registry, experiments, name):
    uri = trained(experiments, name).model_uri()

    first = registry.register_baseline(uri, name)
    second = registry.register_baseline(uri, name)

    assert (first.version, second.version) == (1, 1)
    assert len(registry.list_versions(name)) == 1


def test_callers_at_once_get_one_version(server, registry, experiments, name):
    uri = trained(experiments, name).model_uri()
    registry.register_baseline(trained(experiments, name).model_uri(), name)

    with ThreadPoolExecutor(24) as pool:
        found = pool.map(lambda _: registry.register_baseline(uri, name), range(24))
        numbers = {entry.version for entry in found}

    with http_client(server.url) as http:
        versions = [v for v in MlflowApi(http).versions() if v.model == name]
    real = [v.number for v in originals(versions) if v.number > 1]
    assert real == [min(v.number for v in versions if v.number > 1)]
    assert numbers == set(real)
    unmarked = [v for v in versions if v.number > 1 and DUPLICATE_TAG not in v.tags]
    assert [v.number for v in unmarked] == real


@pytest.mark.parametrize("form", ["{name}", "{name}/1", "{name}/1/LSCOR", "{id}", "21"])
def test_every_form_of_an_id_is_resolved(registry, experiments, name, form):
    uri = trained(experiments, name).model_uri()
    tags = {"model_id": f"21-{name}"}
    entry = registry.register_tokenized_model(uri, name, "LSCOR", "f1", 0.1, tags)
    form = f"21-{name}" if form == "21" else form

    found = registry.get_model_by_id(form.format(name=name, id=entry.model_id))

    assert found.id == entry.id == f"{name}/1"


def test_an_unknown_id_says_what_to_do(registry):
    with pytest.raises(RegistryError, match="no model has the id nothing"):
        registry.get_model_by_id("nothing")


def test_the_latest_model_is_the_one_in_production(registry, experiments, name):
    entries = [
        registry.register_baseline(trained(experiments, name, value).model_uri(), name)
        for value in (0.7, 0.8, 0.9)
    ]
    newest = registry.get_latest_model(name)
    registry.set_alias(name, "production", 2)

    produced = registry.get_latest_model(name)
    rolled_back = registry.rollback_model(name)

    assert newest == entries[2]
    assert produced.version == 2
    assert (rolled_back.version, rolled_back.aliases) == (1, ("production",))
    assert registry.get_latest_model(name).version == 1
    with pytest.raises(RegistryError, match="no version before the current one"):
        registry.rollback_model(name)


def test_a_declared_alias_is_left_to_the_controller(
    server, registry, experiments, name
):
    registry.register_baseline(trained(experiments, name).model_uri(), name)
    with http_client(server.url) as http:
        words = '["aliases.production"]'
        MlflowApi(http).set_model_tag(name, "hokusai.ai/managed", words)

    with pytest.raises(RegistryError, match=r"declared in hokusai\.yaml"):
        registry.set_alias(name, "production", 1)
    registry.set_alias(name, "canary", 1)


def test_the_best_run_is_the_one_a_selection_registers(experiments, name):
    trained(experiments, name, 0.7)
    best = trained(experiments, name, 0.9)
    with experiments.start_experiment(name) as without_model:
        without_model.log_metric("accuracy", 0.99)
        without_model.log_dataset("s3://leads", "sha256:1", 10)

    found = experiments.best_run("accuracy", name)

    assert found.run_id == best.run_id
    assert experiments.best_run("accuracy", name, minimum=0.95) is None
    compared = experiments.compare([best.run_id, without_model.run_id], name)
    assert compared["accuracy"] == {best.run_id: 0.9, without_model.run_id: 0.99}
    assert compared["f1"][without_model.run_id] is None
    tags = mlflow.get_run(without_model.run_id).data.tags
    assert tags["hokusai.dataset.hash"] == "sha256:1"
    assert tags["mlflow.source.git.commit"] == "c0ffee"


def selected(server, name):
    """Return the run that a selection in the document would register."""
    with http_client(server.url) as http:
        api = MlflowApi(http)
        (experiment,) = [e.id for e in api.experiments() if e.name == name]
        return best_run(api.runs(experiment, "accuracy"), "accuracy", "max", None)


def test_a_model_that_is_not_ready_is_no_candidate_as_in_a_selection(
    experiments, server, name
):
    best = trained(experiments, name, 0.7)
    with experiments.start_experiment(name) as unfinished:
        unfinished.log_metric("accuracy", 0.9)
        mlflow.initialize_logged_model("model", source_run_id=unfinished.run_id)

    found = experiments.best_run("accuracy", name)

    assert found.run_id == best.run_id == selected(server, name).id
    assert found.source == selected(server, name).source


def test_a_model_of_an_mlflow_2_client_is_a_candidate_as_in_a_selection(
    experiments, server, name
):
    trained(experiments, name, 0.7)
    history = json.dumps([{"artifact_path": "old"}, {"artifact_path": "model"}])
    with experiments.start_experiment(name) as run:
        run.log_metric("accuracy", 0.9)
        run.log_tags({"mlflow.log-model.history": history})

    found = experiments.best_run("accuracy", name)

    assert found.run_id == run.run_id == selected(server, name).id
    assert found.source == f"runs:/{run.run_id}/model" == selected(server, name).source


def test_the_controller_reads_the_lineage_that_a_run_records(experiments, server, name):
    data = mlflow.data.from_numpy(np.array([1.0]), name="leads", digest="d1")
    with experiments.start_experiment(name) as tagged:
        tagged.log_dataset("s3://leads", "sha256:1", 10)
    with experiments.start_experiment(name) as with_input:
        mlflow.log_input(data)

    with http_client(server.url) as http:
        found = MlflowApi(http).runs_by_id({tagged.run_id, with_input.run_id})

    one, other = found[tagged.run_id], found[with_input.run_id]
    assert (one.dataset_id, one.dataset_hash) == ("s3://leads", "sha256:1")
    assert (other.dataset_id, other.dataset_hash) == ("leads", "d1")
    assert one.code_version == other.code_version == "c0ffee"


def test_a_run_whose_block_raises_has_failed(experiments, name):
    with pytest.raises(ZeroDivisionError), experiments.start_experiment(name):
        _ = 1 / 0

    (run,) = experiments.runs(name)
    assert run.status == "FAILED"
    assert experiments.best_run("accuracy", name) is None


@pytest.mark.parametrize("symbol", ["", "-a", "a_b", "x" * 65, "é"])
def test_what_is_no_token_symbol_is_refused(registry, symbol):
    with pytest.raises(ValueError, match="token symbol"):
        registry.register_tokenized_model("s3://b/m", "m", symbol, "accuracy", 1)


def test_what_is_no_address_is_refused(registry):
    with pytest.raises(ValueError, match="40 hexadecimal digits"):
        registry.register_improved_model(
            "s3://b/m", baseline_id="m", delta_metrics={}, contributor="0x1"
        )


class Proxy(ThreadingHTTPServer):
    """A proxy of MLflow that requires a key."""

    daemon_threads = True
    upstream = ""


class Forward(BaseHTTPRequestHandler):
    def do_GET(self):
        self._forward()

    def do_POST(self):
        self._forward()

    def _forward(self):
        if self.headers.get("authorization") != "Bearer s3cret":
            self._answer(401, b'{"error_code": "UNAUTHENTICATED", "message": "no key"}')
            return
        length = int(self.headers.get("content-length") or 0)
        request = Request(
            self.server.upstream + self.path,
            self.rfile.read(length) or None,
            {"content-type": self.headers.get("content-type", "application/json")},
            method=self.command,
        )
        try:
            with urlopen(request) as answer:
                self._answer(answer.status, answer.read())
        except HTTPError as error:
            self._answer(error.code, error.read())

    def _answer(self, status, body):
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Log nothing."""


@pytest.fixture
def proxy(server):
    with Proxy(("127.0.0.1", 0), Forward) as running:
        running.upstream = server.url
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


@pytest.mark.parametrize("variable", ["HOKUSAI_API_KEY", "MLFLOW_TRACKING_TOKEN", ""])
def test_a_proxy_gets_the_key(proxy, name, monkeypatch, variable):
    if variable:
        monkeypatch.setenv(variable, "s3cret")
    registry = ModelRegistry(proxy, None if variable else "s3cret")

    entry = registry.register_baseline("s3://bucket/model", name, metrics={"a": 1.0})

    assert (entry.version, entry.metrics) == (1, {"a": 1.0})


def test_without_the_key_the_proxy_refuses_and_the_message_says_so(proxy, name):
    with pytest.raises(RegistryError, match=r"failed"):
        ModelRegistry(proxy).register_baseline("s3://bucket/model", name)


def test_without_a_server_the_variable_is_named():
    with pytest.raises(RegistryError, match="set MLFLOW_TRACKING_URI"):
        ModelRegistry()


def test_without_mlflow_the_import_names_the_extra():
    program = (
        "import importlib.util as u\n"
        "found = u.find_spec\n"
        "u.find_spec = lambda n, *a: None if n == 'mlflow' else found(n, *a)\n"
        "import controller.registry\n"
    )

    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert ran.returncode == 1
    assert "pip install 'hokusai-controller[mlflow]'" in ran.stderr
