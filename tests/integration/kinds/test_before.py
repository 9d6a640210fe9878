"""Steps before a rollout: each succeeds once, or nothing is rolled out."""

from datetime import timedelta

from tests.builders.one_off_steps import MIGRATE, finishes, one_off_tasks
from tests.builders.reconcile_loop import PLATFORM


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
