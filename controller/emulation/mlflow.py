"""MLflow server in one process, ready in seconds.

``mlflow server`` starts a dozen processes and takes half a minute. One uvicorn with an
already migrated database is the same server in a fraction of the time and memory.
"""

import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Self

from controller.clients.clock import SystemClock
from controller.core.clock import Clock
from controller.emulation.loopback import require_loopback

_READY_WITHIN = 60.0
_POLL = 0.05
# Private to MLflow; ``mlflow server --static-prefix`` sets it.
_PREFIX = "_MLFLOW_STATIC_PREFIX"
_MIGRATE = (
    "import sys; from mlflow.store.db.utils import _initialize_tables;"
    "from sqlalchemy import create_engine; _initialize_tables(create_engine(sys.argv[1]))"
)


class MlflowNotReadyError(RuntimeError):
    """MLflow did not answer in time; the message ends with its output."""


class MlflowServer:
    """MLflow with its database and artifacts in one directory.

    Attributes:
        directory: Directory of the database, the artifacts and the log.
    """

    def __init__(
        self,
        directory: Path,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Clock | None = None,
        variables: Mapping[str, str] | None = None,
        interpreter: str = sys.executable,
    ) -> None:
        """Prepare the server.

        Args:
            directory: Directory of its data; it is created.
            host: Address to listen on.
            port: Port to listen on; 0 for any free one.
            clock: Clock.
            variables: Variables that are added to its environment.
            interpreter: Python with the MLflow to run.
        """
        self._interpreter = interpreter
        self._variables = dict(variables or {})
        self.directory = directory
        self._host = require_loopback(host)
        self._port = port
        self._clock = clock or SystemClock()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """URL of the server, after the start."""
        return f"http://{self._host}:{self._port}"

    def start(self) -> None:
        """Start the server and wait until it answers; raises MlflowNotReadyError.

        A stopped or killed server starts again with the same data, on the same port.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        database = self.directory / "mlflow.db"
        if not database.exists():
            shutil.copyfile(migrated_database(self._interpreter), database)
        self._port = self._port or _free_port(self._host)
        with (self.directory / "mlflow.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter
                [self._interpreter, *_command(self._host, self._port)],
                env=os.environ | server_environment(self.directory) | self._variables,
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._await_ready(self._process)

    def _await_ready(self, process: "subprocess.Popen[bytes]") -> None:
        deadline = self._clock.monotonic() + _READY_WITHIN
        while self._clock.monotonic() < deadline and process.poll() is None:
            if _answers(self._host, self._port, self._variables.get(_PREFIX, "")):
                return
            self._clock.sleep(_POLL)
        self.kill()
        output = (self.directory / "mlflow.log").read_text()[-2000:]
        msg = f"MLflow did not answer at {self.url}: {output}"
        raise MlflowNotReadyError(msg)

    def stop(self) -> None:
        """Stop the server as a service manager does: SIGTERM, then SIGKILL."""
        self._signal(signal.SIGTERM)
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=5)
        self.kill()

    def kill(self) -> None:
        """Kill the server and its child processes at once."""
        self._signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait(timeout=5)
            self._process = None

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def server_environment(directory: Path) -> dict[str, str]:
    """Return the environment that configures MLflow's application for a directory.

    The variables are private to MLflow; ``mlflow server`` sets them too.
    """
    database = f"sqlite:///{directory / 'mlflow.db'}"
    return {
        "_MLFLOW_SERVER_FILE_STORE": database,
        "_MLFLOW_SERVER_REGISTRY_STORE": database,
        "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",
        "_MLFLOW_SERVER_ARTIFACT_DESTINATION": str(directory / "artifacts"),
        "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }


def _command(host: str, port: int) -> list[str]:
    application = "mlflow.server.fastapi_app:app"
    place = ["--host", host, "--port", str(port), "--log-level", "warning"]
    return ["-m", "uvicorn", application, *place]


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(host: str, port: int, prefix: str) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=1)
    try:
        connection.request("GET", f"{prefix}/health")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def migrated_database(interpreter: str = sys.executable) -> Path:
    """Return an empty database with the schema of an MLflow, created once per user.

    Safe for concurrent processes: each creates its own file, and the last one to
    finish replaces the others.
    """
    root = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    template = Path(root) / "hokusai" / f"mlflow-{_version(interpreter)}.db"
    if not template.exists():
        template.parent.mkdir(parents=True, exist_ok=True)
        with _unfinished(template) as unfinished:
            subprocess.run(  # noqa: S603 - our own interpreter
                [interpreter, "-c", _MIGRATE, f"sqlite:///{unfinished}"],
                check=True,
                capture_output=True,
                env=os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true"},
            )
            unfinished.replace(template)
    return template


def _version(interpreter: str) -> str:
    """Return the version of MLflow that ``interpreter`` has."""
    ask = "from importlib.metadata import version; print(version('mlflow'))"
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [interpreter, "-c", ask], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@contextlib.contextmanager
def _unfinished(template: Path) -> Iterator[Path]:
    unfinished = template.with_suffix(f".{os.getpid()}")
    try:
        yield unfinished
    finally:
        unfinished.unlink(missing_ok=True)
