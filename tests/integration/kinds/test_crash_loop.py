"""Messages about a service whose tasks fail after its rollout.

On the emulated ECS, over HTTP. The controller's clock is the platform's.
"""

from datetime import timedelta
from itertools import pairwise

import pytest

from controller.core.resources.condition import ConditionType, Truth
from controller.emulation.clocks import SteppedClock
from controller.emulation.runtimes.scripted import Script, ScriptedRuntime
from controller.emulation.server import EmulatorServer
from tests.builders.emulated_rollouts import Timed

# It runs for longer than ECS takes to call a rollout done.
LEAKS = Script(exits_after=timedelta(seconds=150), exit_code=137, says=("no memory",))


@pytest.fixture
def world():
    clock, runtime = SteppedClock(), ScriptedRuntime({"api:1": LEAKS})
    with EmulatorServer(runtime=runtime, clock=clock) as server:
        yield Timed(server, runtime, clock)


def conditions(world, resource, minutes):
    """Return Ready and Healthy after each pass, one a minute."""
    found = []
    for _ in range(minutes):
        (seen,) = world.machine.run(resource).statuses.values()
        found.append((seen[ConditionType.READY], seen[ConditionType.HEALTHY]))
        world.server.advance(timedelta(minutes=1))
    return found


def test_tasks_that_die_after_the_rollout_are_a_loop_that_lasts_until_they_live(world):
    api = world.api()

    flapping = conditions(world, api, minutes=12)
    looping = conditions(world, api, minutes=6)
    world.runtime.scripts.clear()
    mended = conditions(world, api, minutes=20)

    assert any(ready.status is Truth.TRUE for ready, _ in flapping)
    assert {ready.reason for ready, _ in looping} == {"CrashLooping"}
    assert {ready.status for ready, _ in looping} == {Truth.FALSE}
    message = looping[-1][0].message
    assert "tasks of hokusai-api-local:1 failed within" in message
    assert 'hokusai-api-local exited with 137, last log line: "no memory"' in message
    assert "`hokusai logs service/api --since 1h`" in message
    changes = [a[0].status != b[0].status for a, b in pairwise(mended)]
    assert changes.count(True) == 1
    assert mended[-1][0].status is Truth.TRUE


def test_a_restarted_controller_reports_the_crash_loop_at_once(world):
    conditions(world, world.api(), minutes=12)

    world.restart()
    ((ready, _), *_) = conditions(world, world.api(), minutes=1)

    assert ready.reason == "CrashLooping"


def test_a_new_revision_ends_the_loop_of_the_one_before(world):
    conditions(world, world.api(), minutes=12)

    seen = conditions(world, world.api("api:2"), minutes=4)

    assert seen[-1][0].status is Truth.TRUE


def test_tasks_that_a_person_or_a_smaller_number_stops_are_no_loop(world):
    world.runtime.scripts.clear()
    world.run(world.api(desired_count=5))
    world.run(world.api(desired_count=1))
    for _ in range(4):
        arns = world.aws.call(
            "ecs", "ListTasks", cluster="hokusai-local", desiredStatus="RUNNING"
        )["taskArns"]
        world.aws.call("ecs", "StopTask", cluster="hokusai-local", task=arns[0])
        world.server.advance(timedelta(minutes=1))

    seen = conditions(world, world.api(desired_count=1), minutes=2)

    assert seen[-1][0].reason == "Ready"
