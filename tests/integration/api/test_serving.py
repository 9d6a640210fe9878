"""The service as a process, with a real MLflow behind it."""

import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from controller.clients.http import http_client
from controller.clients.mlflow import MlflowApi
from controller.emulation.mlflow import MlflowServer

PROGRAM = """
import sys
from controller.api.app import create_app
from controller.api.health.checks import Checks
from controller.api.health.health_checks import mlflow_look
from controller.api.models.listing import KnownModels
from controller.api.models.routes import ModelCatalogue
from controller.api.request_deadline import DeadlineProtocol
from controller.api.server import serve
from controller.clients.clock import SystemClock
from controller.clients.http import http_client
from controller.clients.mlflow import MlflowApi

clock = SystemClock()
DeadlineProtocol.seconds = float(sys.argv[2])
with http_client(sys.argv[1]) as http:
    mlflow = MlflowApi(http)
    app = create_app(
        Checks({"mlflow": mlflow_look(mlflow)}, clock, kept=0),
        ModelCatalogue(KnownModels(mlflow, clock, kept=0)),
        clock=clock,
        version="1.2.3",
        public_models=True,
    )
    serve(app, "127.0.0.1", 0, started=lambda port: print(port, flush=True))
"""
AWAY = "http://127.0.0.1:1"


class Service:
    """The service in a process of its own."""

    def __init__(self, mlflow: str, seconds: str = "30") -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", PROGRAM, mlflow, seconds],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())
        self.url = f"http://127.0.0.1:{self.port}"

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.url + path, trust_env=False, timeout=30)

    def stop(self) -> tuple[int, str]:
        self.process.send_signal(signal.SIGTERM)
        _, errors = self.process.communicate(timeout=30)
        return self.process.returncode, errors


@pytest.fixture
def serving() -> Iterator[list[Service]]:
    services: list[Service] = []
    yield services
    for service in services:
        service.process.kill()
        service.process.communicate()


def test_models_of_a_real_mlflow_are_served(tmp_path: Path, serving: list[Service]):
    with MlflowServer(tmp_path) as server, http_client(server.url) as http:
        mlflow = MlflowApi(http)
        mlflow.create_model("lead", {"hokusai_token_id": "LSCOR"}, "Scores leads.")
        version = mlflow.create_version("lead", "s3://bucket/model", "", {})
        mlflow.set_alias("lead", "production", version.number)
        serving.append(service := Service(server.url))

        health = service.get("/api/v1/health")
        models = service.get("/api/v1/models?name=lead").json()["models"]

    after = service.get("/api/v1/models").json()
    unhealthy = service.get("/api/v1/health")

    assert (health.status_code, health.json()["status"]) == (200, "healthy")
    assert models[0]["token_symbol"] == "LSCOR"
    assert models[0]["versions"][0]["aliases"] == ["production"]
    assert after["stale"] is True
    assert after["models"] == models
    assert unhealthy.status_code == 503


def test_without_mlflow_the_process_is_well_and_says_what_is_not(serving):
    serving.append(service := Service(AWAY))

    assert service.get("/health").status_code == 200
    assert service.get("/api/v1/health").status_code == 503
    assert service.get("/api/v1/models").status_code == 503


HEAD = b"POST /api/v1/reconcile HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n"
WHOLE = b"GET /live HTTP/1.1\r\nhost: a\r\n\r\n"


@pytest.mark.parametrize(
    ("sent", "starts"),
    [
        pytest.param([b""], b"", id="nothing"),
        pytest.param([b"GET /li"], b"HTTP/1.1 408 ", id="half a line"),
        pytest.param([HEAD], b"HTTP/1.1 408 ", id="half a head"),
        pytest.param([HEAD, b"\r\nhe"], b"HTTP/1.1 404 ", id="half a body"),
        pytest.param([WHOLE, b"GET /li"], b"HTTP/1.1 200 OK", id="half a second one"),
        pytest.param(
            [WHOLE + b"GET /li"], b"HTTP/1.1 200 OK", id="half a pipelined one"
        ),
        pytest.param([b"G"] * 9, b"HTTP/1.1 408 ", id="byte by byte"),
    ],
)
def test_a_request_that_is_not_finished_ends_at_its_deadline(serving, sent, starts):
    serving.append(service := Service(AWAY, "0.3"))

    with socket.create_connection(("127.0.0.1", service.port), timeout=30) as client:
        for part in sent:
            client.sendall(part)
        received = b"".join(iter(lambda: client.recv(65536), b""))

    assert received.startswith(starts)
    assert bool(received) is bool(starts)


def test_a_slow_answer_is_not_ended_by_the_deadline_of_its_request(serving):
    with socket.create_server(("127.0.0.1", 0)) as mlflow:
        url = f"http://127.0.0.1:{mlflow.getsockname()[1]}"
        serving.append(service := Service(url, "0.05"))
        answers = []
        asking = threading.Thread(
            target=lambda: answers.append(service.get("/api/v1/models").status_code)
        )
        asking.start()
        under_way, _ = mlflow.accept()
        with socket.create_connection(("127.0.0.1", service.port)) as idle:
            # The deadline of a later connection is over before the answer comes.
            assert idle.recv(1) == b""
        under_way.close()
        asking.join()

    assert answers == [503]


@pytest.mark.parametrize(
    "body", [b"zz\r\n", b"5\r\nhelloX", b"-1\r\n"], ids=["size", "end", "negative"]
)
def test_a_malformed_body_is_refused_without_a_traceback(serving, body):
    head = (
        b"POST /api/v1/models HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n"
    )
    serving.append(service := Service(AWAY))

    with socket.create_connection(("127.0.0.1", service.port), timeout=30) as client:
        client.sendall(head + body)
        received = b"".join(iter(lambda: client.recv(65536), b""))

    assert received.startswith(b"HTTP/1.1 4")
    assert service.get("/live").status_code == 200
    code, errors = service.stop()
    assert (code, "Traceback" in errors) == (0, False)


def test_a_signal_ends_it_cleanly(serving):
    serving.append(service := Service(AWAY))
    service.get("/live")

    assert service.stop() == (0, "")


def test_what_was_asked_before_the_signal_is_answered(serving):
    with socket.create_server(("127.0.0.1", 0)) as mlflow:
        port = mlflow.getsockname()[1]
        serving.append(service := Service(f"http://127.0.0.1:{port}"))
        answers = []
        asking = threading.Thread(
            target=lambda: answers.append(service.get("/api/v1/models").status_code)
        )
        asking.start()
        under_way, _ = mlflow.accept()

        service.process.send_signal(signal.SIGTERM)
        under_way.close()
        asking.join()

    assert answers == [503]
    assert service.process.wait(timeout=30) == 0
