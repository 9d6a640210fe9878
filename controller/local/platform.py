"""The local platform: servers, a controller process, and one-off tasks.

The controller is a separate process, as in ECS: it may be killed, and is then
restarted.
"""

import contextlib
import json
import logging
import os
import secrets
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, Self
from urllib.parse import urlsplit

from controller.bootstrap.controller import NoFallbacks
from controller.bootstrap.environment import LOCAL_ENVIRONMENT
from controller.clients.aws import BotoAws, Credentials
from controller.clients.clock import SystemClock
from controller.core.document.resource import ResourceId
from controller.core.errors import ControllerError, PermanentError, RefusedError
from controller.core.resources.condition import Conditions, ConditionType, Truth
from controller.emulation.platform import LocalPlatform
from controller.emulation.runtimes import confine
from controller.kinds import discover
from controller.local.one_off_tasks import OneOffTasks
from controller.local.requirements import image_commands, requirements_of
from controller.local.routes import example_path, routes_of
from controller.resolver import Resolver
from controller.spec.document import Document, load
from controller.store.database import Database
from controller.store.heartbeat import HEART, Heartbeats
from controller.store.status import StatusTable

log = logging.getLogger(__name__)

_API_KEY = "HOKUSAI_API_KEY"
_SECRET_FILE = "webhook-secret"  # noqa: S105 - a file's name
_PRIVATE = 0o600
_STOP_SECONDS = 30.0
_RESTART_PAUSE = 1.0
_WATCH_SECONDS = 0.5


class LocalRun:
    """Local platform of one document; a context manager.

    Attributes:
        platform: Servers of the platform.
        log_file: Log file of the controller.

    Args:
        file: Path of the document.
        state: Folder for data that survives a restart.

    Raises:
        SpecError: The document is not valid.
        RefusedError: The document depends on another machine.
    """

    def __init__(self, file: Path, state: Path) -> None:
        self._file = file.resolve()
        self._state = state.resolve()
        self._state.mkdir(parents=True, exist_ok=True)
        self.log_file = self._state / "controller.log"
        secret = self._webhook_secret()
        self._base = {**os.environ, "ENVIRONMENT": "local", "WEBHOOK_SECRET": secret}
        document = self.document()
        requirements = requirements_of(document, self._file.parent)
        self.platform = LocalPlatform(requirements, self._state, secret)
        self._clock = SystemClock()
        self._probe_port = _probe_port(document)
        self._began = self._clock.now()
        self._stopping = threading.Event()
        self._closing = ExitStack()
        self._child: subprocess.Popen[bytes] | None = None
        self._database: Database | None = None

    def document(self) -> Document:
        """Read the document; raises SpecError."""
        return load(
            str(self._file),
            environment="local",
            environ=self._base,
            kinds=discover(),
        )

    def __enter__(self) -> Self:
        self._closing.enter_context(self.platform)
        variables = self.environment()
        self._write_private(LOCAL_ENVIRONMENT, json.dumps(variables, indent=2))
        self._closing.callback((self._state / LOCAL_ENVIRONMENT).unlink)
        tasks = self._tasks()
        for name, target in (
            ("controller", self._supervise),
            ("watch", lambda: self._watch(tasks)),
        ):
            thread = threading.Thread(target=target, name=name, daemon=True)
            thread.start()
            self._closing.callback(thread.join)
        self._closing.callback(self._stop_child)
        self._closing.callback(self._stopping.set)
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()
        if self._database is not None:
            self._database.close()

    def environment(self) -> dict[str, str]:
        """Return the environment variables that point commands at this platform."""
        return {
            **self.platform.environment(),
            "HOKUSAI_STORE_URL": f"sqlite:///{self._state / 'controller.db'}",
            "WEBHOOK_SECRET": self.platform.webhook_secret,
            **self._api_key(),
            "HOKUSAI_PROBE_HOST": "127.0.0.1",
            "HOKUSAI_PROBE_PORT": str(self._probe_port),
        }

    def names(self) -> Iterator[tuple[str, int, str]]:
        """Yield host, port and address of every endpoint that resolves."""
        resolver = self._resolver()
        for id_, resource in sorted(self.document().resources.items()):
            if id_.kind != "endpoint":
                continue
            host = resource.spec.host
            try:
                yield host, resource.spec.port, resolver.addresses(host)[0]
            except ControllerError:
                continue

    def fronts(self) -> Iterator[tuple[str, int, str, str]]:
        """Yield host, local port, path and authority of every public name.

        The authority is the certificate file that a client must trust; empty for a
        listener without TLS.
        """
        front = self.platform.front
        listeners = {(key.balancer, key.port): key for key in front.ports}
        document = self.document()
        for spec, route in routes_of(document):
            listener = listeners.get((route.load_balancer, route.listeners[0]))
            if listener is None or set("*?") & set(route.host):
                continue
            authority = str(front.authority) if listener.secure else ""
            port, path = front.ports[listener], example_path(document, spec, route)
            yield route.host, port, path, authority

    def statuses(self) -> Mapping[ResourceId, Conditions]:
        """Return the latest conditions; empty before the first pass of this run.

        Conditions of an earlier run are left out: they may no longer be true.
        """
        if not (self._state / "controller.db").exists():
            return {}
        if self._database is None:
            url = f"sqlite:///{self._state / 'controller.db'}"
            self._database = Database(url, self._clock, reopens=True)
        try:
            beat = Heartbeats(self._database).last(HEART)
            if beat is None or beat.beat < self._began:
                return {}
            return StatusTable(self._database).all()
        except ControllerError:
            # The controller is still creating its tables.
            return {}

    def converged(self) -> bool:
        """Return True if every resource of the current document is ready."""
        statuses = self.statuses()
        try:
            resources = self.document().resources
        except ControllerError:
            return False
        return all(
            id_ in statuses and _ready(statuses[id_], resource.generation)
            for id_, resource in resources.items()
        )

    def _tasks(self) -> OneOffTasks:
        place = self.platform.server.place
        aws = BotoAws(
            place.region,
            endpoint_url=self.platform.server.url,
            credentials=Credentials("local", "local"),
            light=True,
        )
        resolver = self._resolver()
        return OneOffTasks(aws, lambda host: resolver.refresh(host).addresses)

    def _resolver(self) -> Resolver:
        nameserver = self.platform.dns.address
        return Resolver(NoFallbacks(), self._clock, nameserver=nameserver)

    def _api_key(self) -> dict[str, str]:
        """Return the key of the API service, for commands and requests of a user."""
        for id_, resource in sorted(self.document().resources.items()):
            secrets_of = resource.spec.secrets if id_.kind == "service" else {}
            reference = secrets_of.get(_API_KEY)
            if reference is not None and reference.secretsmanager:
                return {_API_KEY: self.platform.secret(reference.secretsmanager)}
        return {}

    def _webhook_secret(self) -> str:
        """Return the secret that signs webhooks; it is created once and kept."""
        file = self._state / _SECRET_FILE
        if not file.exists():
            self._write_private(_SECRET_FILE, secrets.token_urlsafe(32))
        return file.read_text(encoding="utf-8")

    def _write_private(self, name: str, text: str) -> None:
        """Write a file that only its owner can read, atomically."""
        unfinished = self._state / f"{name}.tmp"
        descriptor = os.open(
            unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE
        )
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        unfinished.replace(self._state / name)

    def _supervise(self) -> None:
        """Run a controller, and restart it when it ends, until the platform stops."""
        while not self._stopping.is_set():
            with self.log_file.open("ab") as output:
                self._child = self._start(output)
                code = self._child.wait()
            if not self._stopping.is_set():
                log.warning("controller ended", extra={"code": code})
                self._stopping.wait(_RESTART_PAUSE)

    def _start(self, output: IO[bytes]) -> "subprocess.Popen[bytes]":
        command = [
            sys.executable,
            "-IS",
            str(Path(confine.__file__)),
            str(os.getpid()),
            *(sys.executable, "-m", "controller", "run"),
            *("-f", str(self._file), "-e", "local"),
        ]
        return subprocess.Popen(  # noqa: S603 - our own program
            command,
            env={**self._base, **self.environment()},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )

    def _stop_child(self) -> None:
        child = self._child
        if child is None or child.poll() is not None:
            return
        child.terminate()
        try:
            child.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()

    def _watch(self, tasks: OneOffTasks) -> None:
        """Apply changes of the document's images, and run due tasks."""
        last = ""
        while not self._stopping.wait(_WATCH_SECONDS):
            try:
                document = self.document()
                self.platform.run_images(image_commands(document, self._file.parent))
                tasks.run_due(document, self.statuses())
                last = ""
            except PermanentError as error:
                log.error("local platform: %s", error)  # noqa: TRY400 - for users
            except ControllerError as error:
                if str(error) != last:
                    log.warning("local platform: retrying: %s", error)
                last = str(error)


def _probe_port(document: Document) -> int:
    """Return the port of the declared hint, or an unused one if it is in use.

    With another port MLflow's hints do not arrive, and registrations are polled.
    """
    hint = document.resources.get(ResourceId("hint", "mlflow"))
    wanted = urlsplit(hint.spec.url).port if hint is not None else None
    for port in (wanted or 0, 0):
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    msg = "127.0.0.1 has no unused port"
    raise RefusedError(msg)


def _ready(conditions: Conditions, generation: str) -> bool:
    ready: Any = conditions.get(ConditionType.READY)
    return (
        ready is not None
        and ready.status is Truth.TRUE
        and ready.observed_generation == generation
    )
