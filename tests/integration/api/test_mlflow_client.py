"""MLflow's own client, directly and through the proxy."""

import hashlib
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from controller.api.proxy.registration_turns import StoredRegistrationLock
from controller.clients.clock import SystemClock
from controller.core.models.registration import REGISTRATION_TAG, registration_hash
from controller.emulation.mlflow import MlflowServer
from controller.store.database import Database
from controller.store.lease import Leases
from tests.builders.api_server import KEY, serving
from tests.builders.mlflow_proxy import proxy_serving

KEYS = {
    "k-user": (
        *("mlflow:write", "mlflow:artifacts:write", "mlflow:registry:write"),
        "mlflow:delete",
    ),
    "k-none": ("status:read",),
}
V2 = "/api/2.0/mlflow"
MB = 1_000_000


@pytest.fixture
def mlflow(tmp_path):
    with MlflowServer(tmp_path / "mlflow") as server:
        yield server


def environ(uri, **credentials):
    """Return the environment of a client."""
    return {
        **{k: v for k, v in os.environ.items() if not k.startswith("MLFLOW_")},
        "MLFLOW_TRACKING_URI": uri,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
        "MLFLOW_ENABLE_ASYNC_TRACE_LOGGING": "false",
        "PYTHONWARNINGS": "ignore",
        "GIT_PYTHON_REFRESH": "quiet",
        **credentials,
    }


def flow(folder, uri, **credentials):
    """Return the results of a session of the client."""
    folder.mkdir()
    ran = subprocess.run(
        [sys.executable, "-m", "tests.fakes.mlflow_client_flow"],
        env=environ(uri, **credentials),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-3_000:]
    return json.loads(ran.stdout.splitlines()[-1])


def test_the_client_sees_no_difference(tmp_path):
    results = {}
    with MlflowServer(tmp_path / "direct") as server:
        results["direct"] = flow(tmp_path / "a", server.url)
    with (
        MlflowServer(tmp_path / "token") as server,
        proxy_serving(server.url, KEYS) as port,
    ):
        uri = f"http://127.0.0.1:{port}"
        results["token"] = flow(tmp_path / "b", uri, MLFLOW_TRACKING_TOKEN="k-user")
    with (
        MlflowServer(tmp_path / "password") as server,
        proxy_serving(server.url, KEYS) as port,
    ):
        results["password"] = flow(
            tmp_path / "c",
            f"http://127.0.0.1:{port}/api/mlflow",
            MLFLOW_TRACKING_USERNAME="me",
            MLFLOW_TRACKING_PASSWORD="k-user",
        )

    assert results["direct"]["predictions"] == [0, 1]
    assert results["direct"]["trace"]
    assert len(results["direct"]["errors"]) == 4
    assert results["token"] == results["direct"]
    assert results["password"] == results["direct"]


ONE_REQUEST = """
import mlflow
try:
    mlflow.MlflowClient().get_run("0" * 32)
except mlflow.exceptions.MlflowException as error:
    print(type(error).__name__, error.error_code, error.message)
"""


@pytest.mark.parametrize(
    ("credentials", "said"),
    [
        (
            {},
            "RestException UNAUTHENTICATED UNAUTHENTICATED: The request has no key: send",
        ),
        (
            {"MLFLOW_TRACKING_TOKEN": "k-none"},
            "PERMISSION_DENIED: The key has not the scope mlflow:read.",
        ),
    ],
)
def test_the_client_shows_the_reason_of_a_refusal(credentials, said):
    with proxy_serving("http://127.0.0.1:1", KEYS) as port:
        ran = subprocess.run(
            [sys.executable, "-c", ONE_REQUEST],
            env=environ(f"http://127.0.0.1:{port}", **credentials),
            capture_output=True,
            text=True,
            check=True,
        )

    assert said in ran.stdout


def client_of(port, key="k-user"):
    return httpx.Client(
        base_url=f"http://127.0.0.1:{port}",
        headers={"authorization": f"Bearer {key}"},
        trust_env=False,
        timeout=120,
    )


def test_a_browser_gets_the_pages_of_mlflow(mlflow):
    page = {"host": "registry.hokus.ai"}
    query = {"query": "query { __typename }"}
    with proxy_serving(mlflow.url, KEYS) as port, client_of(port) as client:
        client.headers.pop("authorization")
        client.auth = ("me", "k-user")
        found = client.get("/", headers=page)
        below = client.get("/mlflow/")
        files = re.findall(r'(?:src|href)="(?:\./)?(static-files/[^"]+)"', found.text)
        answers = [client.get(f"/{file}") for file in files]
        graph = client.post("/graphql", json=query)
        runs = client.post(
            "/ajax-api/2.0/mlflow/runs/search",
            json={"experiment_ids": ["0"]},
            headers=page | {"origin": "http://registry.hokus.ai"},
        )

    assert "<html" in found.text
    assert below.text == found.text
    assert files
    assert {answer.status_code for answer in answers} == {200}
    assert graph.json()["data"] == {"__typename": "Query"}
    assert runs.status_code == 200


def test_a_key_sets_every_alias_but_one(mlflow):
    keys = {"k-user": ("mlflow:registry:write", "!alias:model/*@production")}

    def status(alias, method="POST"):
        sent = {"name": "leads", "version": "1", "alias": alias}
        path = f"{V2}/registered-models/alias"
        return client.request(method, path, json=sent).status_code

    with proxy_serving(mlflow.url, keys) as port, client_of(port) as client:
        client.post(f"{V2}/registered-models/create", json={"name": "leads"})
        client.post(f"{V2}/model-versions/create", json=registration())
        statuses = [status(a) for a in ("staging", "production", "champion")]
        removed = [status(a, "DELETE") for a in ("staging", "production")]
        model = client.get(f"{V2}/registered-models/get?name=leads").json()

    assert statuses == [200, 403, 200]
    assert removed == [200, 403]
    aliases = model["registered_model"]["aliases"]
    assert [found["alias"] for found in aliases] == ["champion"]


def test_the_service_forwards_with_the_key_of_its_settings(mlflow, tmp_path):
    with serving(tmp_path, MLFLOW_TRACKING_URI=mlflow.url) as url:
        search = f"{url}{V2}/experiments/search?max_results=5"
        refused = httpx.get(search, trust_env=False)
        found = httpx.get(search, headers={"x-api-key": KEY}, trust_env=False)

    assert refused.status_code == 401
    assert found.json()["experiments"][0]["name"] == "Default"
    assert found.headers["x-request-id"]


def registration(run_id=""):
    source = "s3://bucket/model"
    hash_ = registration_hash("leads", source, run_id)
    tags = [{"key": REGISTRATION_TAG, "value": hash_}]
    return {"name": "leads", "source": source, "run_id": run_id, "tags": tags}


def test_equal_registrations_at_once_create_one_version(mlflow):
    with proxy_serving(mlflow.url, KEYS) as port, client_of(port) as client:
        client.post(f"{V2}/registered-models/create", json={"name": "leads"})

        def create(_):
            return client.post(f"{V2}/model-versions/create", json=registration())

        with ThreadPoolExecutor(10) as pool:
            answers = [*pool.map(create, range(10))]
        found = client.get(f"{V2}/model-versions/search").json()

    assert {answer.status_code for answer in answers} == {200}
    versions = [answer.json()["model_version"] for answer in answers]
    assert all(version == versions[0] for version in versions)
    assert len(found["model_versions"]) == 1


def replicas(mlflow, folder, closing):
    """Return clients of two replicas with one store."""
    for name in ("first", "second"):
        database = Database(f"sqlite:///{folder / 'store.db'}", SystemClock())
        closing.callback(database.close)
        database.upgrade()
        lock = StoredRegistrationLock(Leases(database), name)
        port = closing.enter_context(proxy_serving(mlflow.url, KEYS, lock=lock))
        yield closing.enter_context(client_of(port))


def test_equal_registrations_at_two_replicas_create_one_version(mlflow, tmp_path):
    with ExitStack() as closing:
        clients = [*replicas(mlflow, tmp_path, closing)]
        clients[0].post(f"{V2}/registered-models/create", json={"name": "leads"})

        def create(number):
            return clients[number % 2].post(
                f"{V2}/model-versions/create", json=registration()
            )

        with ThreadPoolExecutor(10) as pool:
            answers = [*pool.map(create, range(10))]
        found = clients[0].get(f"{V2}/model-versions/search").json()

    assert {answer.status_code for answer in answers} == {200}
    assert len(found["model_versions"]) == 1


def test_other_registrations_create_their_own_versions(mlflow):
    with proxy_serving(mlflow.url, KEYS) as port, client_of(port) as client:
        client.post(f"{V2}/registered-models/create", json={"name": "leads"})
        without_tag = registration() | {"tags": []}
        for body in (registration(), registration("a" * 32), without_tag, without_tag):
            answer = client.post(f"{V2}/model-versions/create", json=body)
            assert answer.status_code == 200, answer.text
        found = client.get(f"{V2}/model-versions/search").json()

    assert len(found["model_versions"]) == 4


def resident():
    """Return the memory of this process, in which the proxy is too, in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4_096


def parts(count):
    for number in range(count):
        yield number.to_bytes(4, "big") * 250_000


def test_a_large_artifact_is_the_same_afterwards_in_bounded_memory(mlflow, tmp_path):
    path = "/api/2.0/mlflow-artifacts/artifacts/1/large"
    sent, received, most = hashlib.sha256(), hashlib.sha256(), 0
    for part in parts(60):
        sent.update(part)
    with proxy_serving(mlflow.url, KEYS) as port, client_of(port) as client:
        client.put(path + "-first", content=parts(1))
        before = resident()
        assert client.put(path, content=parts(60)).status_code == 200
        with client.stream("GET", path) as answer:
            for part in answer.iter_raw():
                received.update(part)
                most = max(most, resident())

    assert received.hexdigest() == sent.hexdigest()
    assert most - before < 20 * MB
