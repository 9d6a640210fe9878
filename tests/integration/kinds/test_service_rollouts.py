"""Rollouts that fail, are stopped, or outlive the controller that began them."""

from datetime import timedelta

from controller.core.resources.plan import Hold
from controller.core.values.identity import DEPLOYMENT_TAG
from controller.emulation.runtimes.scripted import Script
from tests.builders.emulated_service import CRASHES
from tests.builders.reconcile_loop import PLATFORM


def test_an_image_that_crashes_is_rolled_back_and_not_tried_again(world):
    world.run(world.api())

    result = world.run(world.api("api:bad"), passes=30)
    writes = dict(world.aws.writes)
    world.restart()
    again = world.run(world.api("api:bad"), passes=3)

    (blocked,) = result.left.blocked
    assert blocked.hold is Hold.REVISION_REJECTED
    assert "exited with 3" in blocked.message
    assert 'last log line: "no such table: users"' in blocked.message
    assert world.service()["taskDefinition"].endswith(":1")
    assert [b.hold for b in again.left.blocked] == [Hold.REVISION_REJECTED]
    assert dict(world.aws.writes) == writes


def test_a_corrected_image_is_rolled_out_after_a_rejected_one(world):
    world.run(world.api())
    world.run(world.api("api:bad"), passes=30)

    assert world.run(world.api("api:3")).converged


def test_a_first_image_that_crashes_is_given_up_with_the_reason(world):
    result = world.run(world.api("api:bad"), passes=40)

    (blocked,) = result.left.blocked
    assert blocked.hold is Hold.REVISION_REJECTED
    assert "exited with 3" in blocked.message


def test_a_controller_that_is_killed_amid_a_rollout_follows_it_to_its_end(world):
    world.run(world.api())
    world.machine.run(world.api("api:2"))
    ours = world.tags()[DEPLOYMENT_TAG]
    writes = dict(world.aws.writes)

    for _ in range(8):
        world.restart()
        result = world.machine.run(world.api("api:2"))
        world.server.advance(timedelta(seconds=30))

    assert result.converged
    assert world.service()["deployments"][0]["id"] == ours
    assert dict(world.aws.writes) == writes


def test_a_deployment_that_only_moved_tasks_and_was_rolled_back_is_not_repeated(world):
    world.run(world.api())
    world.runtime.scripts["api:1"] = CRASHES
    subnets = world.aws.call("ec2", "DescribeSubnets")["Subnets"]
    elsewhere = {"subnets": [subnets[1]["SubnetId"]]}

    result = world.run(world.api(network=elsewhere), passes=30)
    writes = dict(world.aws.writes)
    world.run(world.api(network=elsewhere), passes=5)

    (blocked,) = result.left.blocked
    assert blocked.hold is Hold.REVISION_REJECTED
    assert "was rolled back" in blocked.message
    assert dict(world.aws.writes) == writes


def test_a_deployment_from_outside_is_recognized_and_not_changed(world):
    world.run(world.api())
    world.run(world.api("api:2"))
    service = world.service()
    world.aws.call(
        "ecs",
        "UpdateService",
        cluster=PLATFORM.cluster,
        service=service["serviceName"],
        forceNewDeployment=True,
    )

    under_way = world.machine.run(world.api("api:2"))
    result = world.run(world.api("api:2"))

    (blocked,) = under_way.left.blocked
    assert "A deployment outside the controller" in blocked.message
    assert result.converged


def test_a_manually_stopped_rollout_is_rejected_with_the_reason(world):
    world.run(world.api())
    world.runtime.scripts["api:2"] = Script(starts_after=timedelta(hours=1))
    world.machine.run(world.api("api:2"))
    world.server.advance(timedelta(seconds=30))
    world.aws.call(
        "ecs",
        "StopServiceDeployment",
        serviceDeploymentArn=world.service()["currentServiceDeployment"],
    )

    result = world.run(world.api("api:2"), passes=10)

    (blocked,) = result.left.blocked
    assert blocked.hold is Hold.REVISION_REJECTED
    assert world.service()["taskDefinition"].endswith(":1")
