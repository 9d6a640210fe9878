"""Fixtures for tests of the service kind."""

import pytest

from controller.emulation.clocks import SteppedClock
from controller.emulation.runtimes.scripted import ScriptedRuntime
from controller.emulation.server import EmulatorServer
from tests.builders.emulated_service import CRASHES, World


@pytest.fixture
def world():
    runtime = ScriptedRuntime({"api:bad": CRASHES})
    with EmulatorServer(runtime=runtime, clock=SteppedClock()) as server:
        yield World(server, runtime)
