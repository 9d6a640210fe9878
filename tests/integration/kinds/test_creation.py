"""CreateService is sent once for each creation, whatever reads and responses do."""

from datetime import timedelta

import pytest

from controller.core.document.resource import ResourceId
from controller.core.resources.driver import Failed, Waiting
from controller.emulation.ecs.faults import CallFault, CallRule
from controller.emulation.runtimes.scripted import Script
from controller.kinds.service.lifecycle import aws as lifecycle
from tests.builders.reconcile_loop import PLATFORM

API = ResourceId("service", "api")
LAG = timedelta(seconds=6)


@pytest.fixture
def creations(world, monkeypatch):
    """The parameters of each CreateService, in order."""
    found = []
    call = world.aws.call

    def recording(service, operation, /, **asked):
        if operation == "CreateService" and service == "ecs":
            found.append(asked)
        return call(service, operation, **asked)

    monkeypatch.setattr(world.aws, "call", recording)
    return found


def services(world):
    return world.server.simulator.world.clusters[PLATFORM.cluster].services


def test_repeats_during_read_lag_have_one_token(world, creations):
    world.server.simulator.read_lag = LAG

    outcomes = []
    for _ in range(5):
        outcomes.append(world.machine.run(world.api()).outcomes.get(API))
        world.server.advance(timedelta(seconds=1))
    result = world.run(world.api())

    assert len({asked["clientToken"] for asked in creations}) == 1
    assert len(creations) > 1
    assert not [found for found in outcomes if isinstance(found, Failed)]
    assert len(services(world)["hokusai-api-local"].rollouts) == 1
    assert result.converged


def test_a_repeat_after_a_lost_reply_finds_the_service(world, creations):
    world.server.simulator.faults.calls.append(
        CallRule("CreateService", CallFault.LOST_REPLY, 1)
    )
    world.server.simulator.read_lag = LAG

    world.machine.run(world.api())
    world.restart()
    world.machine.run(world.api())
    world.server.simulator.read_lag = timedelta(0)
    result = world.run(world.api())

    assert len({asked["clientToken"] for asked in creations}) == 1
    assert len(services(world)["hokusai-api-local"].rollouts) == 1
    assert result.converged


def test_a_refused_repeat_waits_for_the_service_that_exists(
    world, creations, monkeypatch
):
    """The first request had other parameters, such as another image digest."""
    creation = lifecycle.creation
    monkeypatch.setattr(
        lifecycle,
        "creation",
        lambda spec: {**creation(spec), "desiredCount": 1 + len(creations)},
    )
    world.server.simulator.read_lag = LAG

    world.machine.run(world.api())
    world.server.advance(timedelta(seconds=1))
    refused = world.machine.run(world.api()).outcomes[API]
    sent = len(creations)
    result = world.run(world.api())

    assert isinstance(refused, Waiting)
    assert sent == 2
    assert result.converged


def test_a_service_created_again_after_a_deletion_has_another_token(world, creations):
    world.run(world.api())
    named = {"cluster": PLATFORM.cluster, "service": "hokusai-api-local"}
    world.aws.call("ecs", "DeleteService", force=True, **named)
    world.server.advance(timedelta(seconds=30))

    result = world.run(world.api())

    assert len({asked["clientToken"] for asked in creations}) == 2
    assert result.converged


def test_each_call_that_takes_a_token_has_one(world, creations, monkeypatch):
    """ECS takes tokens for CreateService, RunTask and others that are not called."""
    tasks = []
    call = world.aws.call

    def recording(service, operation, /, **asked):
        if operation == "RunTask":
            tasks.append(asked)
        return call(service, operation, **asked)

    monkeypatch.setattr(world.aws, "call", recording)
    world.runtime.scripts["api:1 migrate"] = Script(exits_after=timedelta(seconds=1))
    world.run(world.api(before=[{"name": "migrate", "command": ["migrate"]}]))

    assert tasks
    assert creations
    assert all(asked["clientToken"] for asked in (*tasks, *creations))
