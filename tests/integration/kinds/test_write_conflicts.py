"""Two controllers with different documents and no common store."""

from datetime import timedelta

import pytest

from controller.core.resources.plan import Hold
from controller.emulation.clocks import SteppedClock
from controller.emulation.runtimes.scripted import ScriptedRuntime
from controller.emulation.server import EmulatorServer
from tests.builders.emulated_rollouts import Timed
from tests.builders.reconcile_loop import Machine, declared

TURN = timedelta(seconds=20)


@pytest.fixture
def world():
    clock, runtime = SteppedClock(), ScriptedRuntime()
    with EmulatorServer(runtime=runtime, clock=clock) as server:
        yield Timed(server, runtime, clock)


def test_they_stop_overwriting_each_other_and_both_report_it(world):
    machines = [world.machine, Machine({"service": world.driver()})]
    base = {"image": "api:1", "port": 8001, "network": world.network}
    documents = [
        declared("service", "api", {**base, "desired_count": n}, generation=f"v1:{n}")
        for n in (1, 2)
    ]
    for _ in range(6):
        results = []
        for machine, document in zip(machines, documents, strict=True):
            results.append(machine.run(document))
            world.server.advance(TURN)

    assert [result.plan.actions for result in results] == [(), ()]
    assert {world.ready(result).reason for result in results} == {"WriteConflict"}
    holds = [blocked.hold for result in results for blocked in result.plan.blocked]
    assert holds == [Hold.WRITE_CONFLICT]
