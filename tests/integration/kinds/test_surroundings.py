"""Registrations and log groups of services, on the emulated AWS."""

from datetime import timedelta

import pytest

from tests.builders.emulated_routes import Routed


@pytest.fixture
def world():
    with Routed.emulated() as found:
        yield found


def test_a_stale_instance_is_taken_out_once_it_was_seen_twice(world):
    assert world.run(world.api()).converged
    registry = world.service()["serviceRegistries"][0]["registryArn"]
    id_ = registry.rpartition("/")[2]
    stale = {"AWS_INSTANCE_IPV4": "10.0.1.221"}
    world.aws.call(
        "servicediscovery",
        "RegisterInstance",
        ServiceId=id_,
        InstanceId="gone",
        CreatorRequestId="by-hand",
        Attributes=stale,
    )

    def instances():
        answer = world.aws.call("servicediscovery", "ListInstances", ServiceId=id_)
        return {i["Attributes"]["AWS_INSTANCE_IPV4"] for i in answer["Instances"]}

    world.clock.advance(timedelta(seconds=60))
    world.machine.run(world.api())
    once = instances()
    result = world.machine.run(world.api())

    assert "10.0.1.221" in once
    assert [c.path for a in result.plan.actions for c in a.changes] == [
        "discovery.instances"
    ]
    assert "10.0.1.221" not in instances()
    assert len(instances()) == 1


def test_a_task_that_nobody_finds_is_told_of(world):
    assert world.run(world.api()).converged
    registry = world.service()["serviceRegistries"][0]["registryArn"]
    id_ = registry.rpartition("/")[2]
    (instance,) = world.aws.call("servicediscovery", "ListInstances", ServiceId=id_)[
        "Instances"
    ]
    world.aws.call(
        "servicediscovery",
        "DeregisterInstance",
        ServiceId=id_,
        InstanceId=instance["Id"],
    )

    world.clock.advance(timedelta(seconds=60))
    world.machine.run(world.api())
    result = world.machine.run(world.api())

    ready = world.machine.ready(result, world.api())
    assert ready.reason == "NotRegistered"
    assert instance["Attributes"]["AWS_INSTANCE_IPV4"] in ready.message


def test_a_changed_retention_is_restored(world):
    assert world.run(world.api()).converged
    group = "/ecs/hokusai-api-local"
    world.aws.call("logs", "PutRetentionPolicy", logGroupName=group, retentionInDays=90)

    world.clock.advance(timedelta(seconds=60))

    assert world.run(world.api()).converged
    (found,) = world.aws.call("logs", "DescribeLogGroups")["logGroups"]
    assert found["retentionInDays"] == 30
