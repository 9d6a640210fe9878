"""HTTP endpoint of the emulated AWS."""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Self

from controller.clients.clock import SystemClock
from controller.core.clock import Clock
from controller.emulation.clocks import SteppedClock
from controller.emulation.control import PATH, Control
from controller.emulation.data import aws_fills
from controller.emulation.ecs.addresses import Addresses
from controller.emulation.ecs.fills import Fills
from controller.emulation.ecs.runtime import Runtime
from controller.emulation.ecs.simulator import EcsSimulator
from controller.emulation.ecs.timing import Timing
from controller.emulation.http_reply import (
    Environ,
    Reply,
    StartResponse,
    read_body,
    send,
)
from controller.emulation.loopback import require_loopback
from controller.emulation.moto.app import MotoApplication
from controller.emulation.moto.effects import MotoEffects, MotoLocation, forwarded_to
from controller.emulation.moto.scaling import patch_service_lookup
from controller.emulation.moto.secret_versions import patch_version_dates
from controller.emulation.moto.target_health import patch_target_health
from controller.emulation.service_model import ecs_model
from controller.emulation.step_failures import StepFailure
from controller.emulation.targets import Probe, TargetBoard
from controller.emulation.task_addresses import TaskAddresses
from controller.emulation.wire import TARGET_PREFIX, EcsProtocol

log = logging.getLogger(__name__)

ACCOUNT = "123456789012"
TICK_SECONDS = 0.1
# Seconds until a listening thread notices a shutdown.
POLL = 0.05


class EmulatorServer:
    """The simulated ECS and moto behind one address.

    With the system clock, a ticker steps the simulator; with a stepped clock, only
    ``POST /_emulator/clock`` does. ``probe`` replaces the probes of targets, because
    containers of a scripted runtime do not listen. A process can have only one server
    at a time: moto's state is global, and each server resets it.

    Attributes:
        simulator: Simulated ECS.
        lock: Lock of every call and step; hold it to read the state.
        place: Account and region, with moto's backends.
        targets: Health of load balancer targets.
    """

    def __init__(
        self,
        *,
        runtime: Runtime,
        clock: Clock | None = None,
        timing: Timing | None = None,
        addresses: Addresses | None = None,
        fills: Fills | None = None,
        probe: Probe | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        region: str = "us-east-1",
    ) -> None:
        self._address = (require_loopback(host), port)
        self._clock = clock or SystemClock()
        self._addresses = TaskAddresses()
        self.lock = threading.RLock()
        self.place = MotoLocation(ACCOUNT, region)
        self.targets = TargetBoard(
            self._clock,
            lambda: self.place.backend("elbv2").target_groups,
            probe,
            lambda arn: arn in forwarded_to(self.place.backend("elbv2")),
        )
        self.simulator = EcsSimulator(
            clock=self._clock,
            runtime=runtime,
            effects=MotoEffects(self.place, self.targets),
            fills=fills or aws_fills(),
            timing=timing or Timing.quick(),
            addresses=addresses or self._addresses,
            account=ACCOUNT,
            region=region,
        )
        self._moto = MotoApplication(self.lock, SystemClock(), self.simulator.faults)
        self._protocol = EcsProtocol(self.simulator.call, ecs_model())
        self._control = Control(
            self.simulator, self._clock, self._step, _process_ids(runtime)
        )
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._reported: set[str] = set()
        self._undo: Callable[[], object] = lambda: None
        self._server: Any = None

    @property
    def url(self) -> str:
        """URL of the endpoint, after the start."""
        return f"http://{self._address[0]}:{self._server.server_port}"

    def start(self) -> None:
        """Listen, and start the ticker unless the clock is stepped."""
        from werkzeug.serving import make_server

        undo_patches = (
            patch_service_lookup(lambda: self.simulator.world),
            patch_target_health(self.targets),
            patch_version_dates(),
        )
        self._undo = lambda: [undo() for undo in undo_patches]
        host, port = self._address
        self._server = make_server(
            host, port, self._answer, threaded=True, request_handler=_handler()
        )
        self._server.daemon_threads = True
        self._start_thread(partial(self._server.serve_forever, POLL), "emulator-http")
        if not isinstance(self._clock, SteppedClock):
            self._start_thread(self._tick, "emulator-ticker")

    def _start_thread(self, target: Callable[[], object], name: str) -> None:
        thread = threading.Thread(target=target, name=name, daemon=True)
        thread.start()
        self._threads.append(thread)

    def stop(self) -> None:
        """Stop listening. The owner of the runtime ends the tasks."""
        self._stopping.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
        for thread in self._threads:
            thread.join(timeout=5)
        self.targets.close()
        self._undo()
        self._addresses.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def advance(self, duration: timedelta) -> None:
        """Move a stepped clock, as ``POST /_emulator/clock`` does."""
        with self.lock:
            self._control.advance(duration)

    def _tick(self) -> None:
        while not self._stopping.wait(TICK_SECONDS):
            with self.lock:
                try:
                    self._step()
                except Exception as error:  # noqa: BLE001 - the ticker must not stop
                    self._report([StepFailure("emulator", error)])

    def _step(self) -> None:
        self._report((*self.targets.step(), *self.simulator.step()))

    def _report(self, failures: Sequence[StepFailure]) -> None:
        """Log each failure once, not at every tick."""
        for failure in failures:
            if str(failure) not in self._reported:
                fields = {"subject": failure.subject}
                log.error("emulator step failed", exc_info=failure.error, extra=fields)
        self._reported = {str(failure) for failure in failures}

    def _answer(
        self, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        reply: Reply | None
        if path.startswith(PATH):
            body = read_body(environ)
            with self.lock:
                reply = self._control.answer(method, path, body)
        elif target.startswith(TARGET_PREFIX):
            body = read_body(environ)
            with self.lock:
                reply = self._protocol.answer(target, body)
        else:
            reply = self._moto.answer(environ)
        return send(reply, environ, start_response)


def _process_ids(runtime: Runtime) -> Callable[[str], Mapping[str, int]]:
    none: Callable[[str], Mapping[str, int]] = lambda _: {}  # noqa: E731
    return getattr(runtime, "process_ids", none)


def _handler() -> type[Any]:
    from moto.moto_server.werkzeug_app import MotoRequestHandler

    class Handler(MotoRequestHandler):  # type: ignore[misc]
        """Request handler with keep-alive, without Nagle's algorithm and logging."""

        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002
            """Log nothing."""

    return Handler
