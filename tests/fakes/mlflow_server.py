"""A real MLflow server in one process, on a directory of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

_READY_WITHIN = 60.0
_STOPS_WITHIN = 10.0


@contextmanager
def mlflow_server(directory: Path) -> Iterator[str]:
    """Yield the URL of a server that keeps everything below ``directory``."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "uvicorn", "mlflow.server.fastapi_app:app"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"]
    with (
        (directory / "mlflow.log").open("w") as log,
        subprocess.Popen(
            command,
            env=os.environ | _environment(directory),
            stdout=log,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            _wait(process, url, directory / "mlflow.log")
            yield url
        finally:
            process.terminate()
            try:
                process.wait(_STOPS_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()


def _environment(directory: Path) -> dict[str, str]:
    database = f"sqlite:///{directory / 'mlflow.db'}"
    return {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "_MLFLOW_SERVER_FILE_STORE": database,
        "_MLFLOW_SERVER_REGISTRY_STORE": database,
        "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",
        "_MLFLOW_SERVER_ARTIFACT_DESTINATION": str(directory / "artifacts"),
        "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
    }


def _wait(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    deadline = time.monotonic() + _READY_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{url}/health", trust_env=False).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.05)  # noqa: TID251 - a process of the machine starts
    message = f"the MLflow server did not start: {log.read_text()[-2000:]}"
    raise RuntimeError(message)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
