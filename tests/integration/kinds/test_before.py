"""Steps before a rollout: each succeeds once, or nothing is rolled out."""

from datetime import timedelta

from controller.emulation.runtimes.scripted import Script
from tests.integration.kinds.machine import PLATFORM

MIGRATE = ({"name": "migrate", "command": ["alembic", "upgrade", "head"]},)


def finishes(code):
    """Return how a one-off task of an image ends."""
    return Script(exits_after=timedelta(seconds=5), exit_code=code)


def one_off_tasks(world):
    tasks = world.server.simulator.world.clusters[PLATFORM.cluster].tasks.values()
    return [task for task in tasks if task.service is None]


def test_a_rollout_waits_for_the_steps_before_it_and_each_runs_once(world):
    world.run(world.api())
    world.runtime.scripts["api:2"] = finishes(0)
    stepped = world.api("api:2", before=MIGRATE)

    first = world.machine.run(stepped)
    meanwhile = world.service()["taskDefinition"]
    world.server.advance(timedelta(seconds=10))
    world.runtime.scripts.pop("api:2")
    for _ in range(4):
        world.restart()
        result = world.machine.run(stepped)
        world.server.advance(timedelta(seconds=30))
    result = world.run(stepped)

    assert "Step migrate was started" in first.outcomes[stepped.id].message
    assert meanwhile.endswith(":1")
    assert result.converged
    assert world.service()["taskDefinition"].endswith(":2")
    assert len(one_off_tasks(world)) == 1


def test_a_service_is_not_even_made_before_its_steps_have_succeeded(world):
    world.runtime.scripts["api:1"] = finishes(0)
    stepped = world.api(before=MIGRATE)

    world.machine.run(stepped)
    nothing = world.aws.call("ecs", "ListServices", cluster=PLATFORM.cluster)
    world.server.advance(timedelta(seconds=10))
    world.runtime.scripts.pop("api:1")

    assert nothing["serviceArns"] == []
    assert world.run(stepped).converged
