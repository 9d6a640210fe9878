"""Results of failing rollouts, and the messages during them.

On the emulated ECS, over HTTP. The controller's clock is the platform's.
"""

from datetime import timedelta

import pytest

from controller.core.resources.condition import Truth
from controller.core.resources.plan import Hold
from controller.emulation.clocks import SteppedClock
from controller.emulation.runtimes.scripted import Script, ScriptedRuntime
from controller.emulation.server import EmulatorServer
from tests.builders.emulated_rollouts import Timed

CHECKED = {"health": {"path": "/health", "interval": 10}}
FOR_EVER = {"deployment": {"circuit_breaker": False, "rollback": False}}
NEVER_STARTS = Script(starts_after=timedelta(days=1))


@pytest.fixture
def world():
    clock, runtime = SteppedClock(), ScriptedRuntime()
    with EmulatorServer(runtime=runtime, clock=clock) as server:
        yield Timed(server, runtime, clock)


@pytest.mark.parametrize(
    ("script", "more", "why"),
    [
        pytest.param(
            Script(refuses="CannotPullContainerError: api:2: not found"),
            {},
            "CannotPullContainerError: api:2: not found",
            id="the image is not there",
        ),
        pytest.param(
            Script(refuses="ResourceInitializationError: unable to pull secrets"),
            {},
            "ResourceInitializationError: unable to pull secrets",
            id="a secret is not there",
        ),
        pytest.param(
            Script(exits_after=timedelta(seconds=1), exit_code=137, says=("loading",)),
            {},
            'hokusai-api-local exited with 137, last log line: "loading"',
            id="it is killed",
        ),
        pytest.param(
            Script(healthy=False, says=("cannot reach redis",)),
            CHECKED,
            "Task failed container health checks, hokusai-api-local exited with 143, "
            'last log line: "cannot reach redis"',
            id="it fails its health check",
        ),
    ],
)
def test_a_rolled_back_rollout_has_the_stop_reason_of_its_tasks(
    world, script, more, why
):
    world.run(world.api(**more))
    world.runtime.scripts["api:2"] = script

    world.machine.run(world.api("api:2", **more))
    world.until_a_task_failed()
    meanwhile = world.machine.run(world.api("api:2", **more))
    result = world.run(world.api("api:2", **more), passes=12, seconds=60)

    hold, message = world.told(meanwhile)
    assert hold is Hold.ROLLOUT_IN_PROGRESS
    assert why in message
    hold, message = world.told(result)
    assert hold is Hold.REVISION_REJECTED
    assert message.startswith("hokusai-api-local:2 was rolled back: ")
    assert why in message
    assert world.stalled(result) is Truth.TRUE


class Overtaken:
    """An AWS on which the rollback ends between the reads of one observation."""

    def __init__(self, world):
        self._world = world
        self._aws = world.aws

    def call(self, service, operation, /, **arguments):
        if operation == "DescribeServiceDeployments":
            self._world.server.advance(timedelta(minutes=10))
        return self._aws.call(service, operation, **arguments)


def test_a_rollback_between_two_reads_has_the_stop_reason_too(world):
    world.run(world.api())
    world.runtime.scripts["api:2"] = Script(exits_after=timedelta(0), exit_code=3)
    world.machine.run(world.api("api:2"))
    world.aws = Overtaken(world)
    world.restart()

    result = world.machine.run(world.api("api:2"))

    hold, message = world.told(result)
    assert hold is Hold.REVISION_REJECTED
    assert message.startswith("The last applied change was rolled back: ")
    assert "hokusai-api-local exited with 3" in message


def test_a_rollout_whose_tasks_never_start_is_stalled_and_ends_the_waiting(world):
    world.run(world.api())
    world.runtime.scripts["api:2"] = NEVER_STARTS

    before = world.run(world.api("api:2"), passes=19)
    after = world.run(world.api("api:2"), passes=2)

    assert world.told(before)[0] is Hold.ROLLOUT_IN_PROGRESS
    assert not before.settled
    hold, message = world.told(after)
    assert hold is Hold.ROLLOUT_STALLED
    assert "no progress within 10 min" in message
    assert world.ready(after).reason == "RolloutStalled"
    assert world.stalled(after) is Truth.TRUE
    assert after.settled
    assert not after.converged


def test_a_stalled_rollout_that_moves_again_is_followed_to_its_end(world):
    world.run(world.api())
    world.runtime.scripts["api:2"] = NEVER_STARTS
    stalled = world.run(world.api("api:2"), passes=22)

    world.runtime.scripts.pop("api:2")

    assert world.told(stalled)[0] is Hold.ROLLOUT_STALLED
    assert world.run(world.api("api:2")).converged


def test_tasks_that_die_again_and_again_are_no_progress(world):
    flaps = Script(exits_after=timedelta(seconds=5), exit_code=3, says=("no route",))
    more = {**CHECKED, **FOR_EVER}
    world.run(world.api(**more))
    world.runtime.scripts["api:2"] = flaps

    result = world.run(world.api("api:2", **more), passes=50, seconds=17)

    hold, message = world.told(result)
    assert hold is Hold.ROLLOUT_STALLED
    assert 'exited with 3, last log line: "no route"' in message


def test_a_restarted_controller_does_not_wait_for_the_deadline_again(world):
    world.run(world.api())
    world.runtime.scripts["api:2"] = NEVER_STARTS
    world.run(world.api("api:2"), passes=22)

    world.restart()
    result = world.machine.run(world.api("api:2"))

    assert world.told(result)[0] is Hold.ROLLOUT_STALLED


def test_a_changed_declaration_replaces_a_stalled_rollout(world):
    world.run(world.api())
    world.runtime.scripts["api:2"] = NEVER_STARTS
    world.run(world.api("api:2"), passes=22)

    assert world.run(world.api("api:3")).converged
    assert world.service()["taskDefinition"].endswith(":3")


def test_a_service_is_not_ready_until_the_replacement_of_a_killed_task_is_healthy(
    world,
):
    api = world.api(**CHECKED)
    assert world.run(api).converged
    (task,) = world.tasks()
    world.runtime.crash(task["taskArn"].rpartition("/")[2])
    messages, healthy_at = [], None

    for second in range(90):
        world.server.advance(timedelta(seconds=1))
        healthy = [t["healthStatus"] for t in world.tasks()] == ["HEALTHY"]
        replaced = [t["taskArn"] for t in world.tasks()] != [task["taskArn"]]
        ready = world.ready(world.machine.run(api))
        if healthy and replaced:
            healthy_at = second
            break
        if second:
            assert ready.status is not Truth.TRUE, (second, ready.message)
        messages.append((ready.reason, ready.message))

    assert healthy_at is not None
    assert any("its health check has no result yet" in text for _, text in messages)
    assert "NotServing" not in {reason for reason, _ in messages}


def test_a_rollout_in_progress_names_what_it_waits_for(world):
    world.run(world.api(**CHECKED))
    second = world.api("api:2", **CHECKED)

    messages = set()
    for _ in range(40):
        result = world.machine.run(second)
        messages.add(world.ready(result).message)
        world.server.advance(timedelta(seconds=1))

    assert any("its health check has no result yet" in text for text in messages)
    assert any("1 earlier task must be drained" in text for text in messages)
