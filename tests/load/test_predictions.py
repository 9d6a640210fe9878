"""Predictions of one model, next to `mlflow models serve` on the same files."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from controller.emulation.mlflow import MlflowServer
from tests.builders.api_server import KEY, serving
from tests.builders.local_process import free_port
from tests.builders.training import training_run
from tests.builders.waiting import eventually

pytestmark = [pytest.mark.load, pytest.mark.filterwarnings("ignore")]
NAME, CONNECTIONS, SECONDS, MB = "leads", 16, 6, 1_000_000
RATE, P99, PSS = 10, 5, 250
ROW = {"a": 0.9, "b": 0.1, "c": 0.5, "d": 0.2}
BODY = json.dumps({"dataframe_records": [ROW]})


@pytest.fixture(scope="module")
def registered(tmp_path_factory):
    """Yield the URL of an MLflow with one model."""
    numbers = np.random.default_rng(1).random((200, 4))
    frame = pd.DataFrame(numbers, columns=list(ROW))
    model = LogisticRegression().fit(frame, (frame["a"] > 0.5).astype(int))
    with MlflowServer(tmp_path_factory.mktemp("mlflow")) as server:
        with training_run(server.url):
            mlflow.sklearn.log_model(
                model,
                name="model",
                signature=mlflow.models.infer_signature(frame, model.predict(frame)),
                input_example=frame.head(2),
                pip_requirements=["scikit-learn"],
                registered_model_name=NAME,
            )
        yield server.url


def processes(root: int) -> list[Path]:
    """Return the folders in /proc of a process and what it started."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(status.parent.name)] = int(
                status.read_text().rpartition(") ")[2].split()[1]
            )
        except OSError:
            continue
    found, new = {root}, {root}
    while new:
        new = {pid for pid, parent in parents.items() if parent in new} - found
        found |= new
    return [Path("/proc") / str(pid) for pid in found]


def cpu_seconds(root: int) -> float:
    ticks = 0
    for folder in processes(root):
        fields = (folder / "stat").read_text().rpartition(") ")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def pss(root: int) -> float:
    """Return the proportional set size in MB."""
    lines = (
        line
        for folder in processes(root)
        for line in (folder / "smaps_rollup").read_text().splitlines()
    )
    return sum(int(x.split()[1]) for x in lines if x.startswith("Pss:")) * 1024 / MB


def measured(url: str, pid: int, key: str = "") -> dict[str, float]:
    command = [sys.executable, "-m", "tests.load.prediction_crowd", url]
    before = cpu_seconds(pid)
    ran = subprocess.run(
        [*command, str(CONNECTIONS), str(SECONDS), BODY, *filter(None, [key])],
        capture_output=True,
        text=True,
        check=True,
    )
    used = cpu_seconds(pid) - before
    found: dict[str, float] = json.loads(ran.stdout)
    assert found["failed"] == 0
    whole = found["requests"] * 1.2
    return found | {"cpu": used / whole * 1e6, "pss": pss(pid)}


def answer(url: str, key: str = "") -> object:
    headers = {"content-type": "application/json"}
    headers |= {"authorization": f"Bearer {key}"} if key else {}
    request = urllib.request.Request(url, BODY.encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as found:
            return json.loads(found.read())
    except OSError:
        return None


@contextmanager
def scoring_server(uri: str, folder: Path):
    port = free_port()
    programs = Path(sys.executable).parent
    command = [str(programs / "mlflow"), "models", "serve"]
    options = ["-m", f"models:/{NAME}/1", "--env-manager", "local", "-p", str(port)]
    with (folder / "scoring.log").open("w") as log:
        process = subprocess.Popen(
            [*command, *options],
            env={
                **os.environ,
                "MLFLOW_TRACKING_URI": uri,
                "PATH": f"{programs}:{os.environ['PATH']}",
            },
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield f"http://127.0.0.1:{port}/invocations", process.pid
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def test_predictions_next_to_mlflow_models_serve(registered, tmp_path, figures):
    with scoring_server(registered, tmp_path) as (url, pid):
        expected = eventually(lambda: answer(url), within=60)
        peer = measured(url, pid)
    with serving(tmp_path, MLFLOW_TRACKING_URI=registered) as base:
        url = f"{base}/api/v1/models/{NAME}/predict"
        (pid,) = (
            int(folder.name)
            for folder in processes(os.getpid())
            if b"serve\0--host" in (folder / "cmdline").read_bytes()
        )
        assert answer(url, KEY) == expected == {"predictions": [1]}
        ours = measured(url, pid, KEY)

    what = f"predictions at {CONNECTIONS} connections"
    figures.note(f"{what}, rate", ours["rate"], peer["rate"], "req/s", "mlflow")
    figures.note(f"{what}, p50", ours["p50"], peer["p50"], "ms", "mlflow")
    figures.note(f"{what}, p99", ours["p99"], peer["p99"], "ms", "mlflow")
    figures.note(f"{what}, CPU per request", ours["cpu"], peer["cpu"], "us", "mlflow")
    figures.note(f"{what}, PSS", ours["pss"], peer["pss"], "MB", "mlflow")
    for name, is_met in {
        f"rate at least {RATE} x mlflow": ours["rate"] >= RATE * peer["rate"],
        f"p99 at most 1/{P99} of mlflow": ours["p99"] * P99 <= peer["p99"],
        f"PSS at most {PSS} MB": ours["pss"] <= PSS,
    }.items():
        sys.stdout.write(f"target {'met' if is_met else 'MISSED'}: {name}\n")
    assert ours["rate"] > peer["rate"]
    assert ours["p99"] < peer["p99"]
