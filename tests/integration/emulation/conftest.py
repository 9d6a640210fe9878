from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.emulation.clocks import SteppedClock
from controller.emulation.runtimes.images import ImageCommand
from controller.emulation.runtimes.processes import ProcessRuntime
from controller.emulation.runtimes.scripted import ScriptedRuntime
from controller.emulation.server import EmulatorServer

SERVE = ("{python}", "-u", "-m", "http.server", "8001", "--bind", "{host}")
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready")
time.sleep(600)
"""
IMAGES = {
    "web:1": ImageCommand(command=SERVE),
    "web:2": ImageCommand(command=SERVE, environment={"RELEASE": "2"}),
    "job:1": ImageCommand(
        command=("{python}", "-c", "import os; print('got', os.environ['WORD'])")
    ),
    "crash:1": ImageCommand(command=("{python}", "-c", "raise SystemExit(3)")),
    "stubborn:1": ImageCommand(
        command=(
            "{python}",
            "-uc",
            STUBBORN,
        )
    ),
}


@pytest.fixture
def stepped() -> Iterator[EmulatorServer]:
    """An emulated AWS with a stepped clock and scripted containers."""
    with EmulatorServer(runtime=ScriptedRuntime(), clock=SteppedClock()) as server:
        yield server


@pytest.fixture
def real(tmp_path: Path) -> Iterator[EmulatorServer]:
    """An emulated AWS with the system clock and containers that are processes."""
    runtime = ProcessRuntime(IMAGES, tmp_path)
    with EmulatorServer(runtime=runtime) as server:
        yield server
    runtime.close()
