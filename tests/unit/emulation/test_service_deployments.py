"""Service deployments: their description, and stopping one."""

from datetime import timedelta

import pytest

from controller.emulation.ecs import EcsError
from controller.emulation.runtimes.scripted import Script
from tests.builders.simulated_ecs import (
    Ecs,
    broken_update,
)


def test_stopping_a_service_deployment_rolls_back():
    ecs = broken_update(script=Script(starts_after=timedelta(hours=1)))
    body = {"cluster": "c", "service": "web", "status": ["IN_PROGRESS"]}
    ecs.advance(2)
    (under_way,) = ecs.call("ListServiceDeployments", body)["serviceDeployments"]

    arn = under_way["serviceDeploymentArn"]
    ecs.call("StopServiceDeployment", {"serviceDeploymentArn": arn})
    ecs.advance(5)

    assert ecs.primary()["id"] == ecs.good_id
    assert ecs.rollouts()[0] == "ROLLBACK_SUCCESSFUL"


def test_a_rolled_back_deployment_can_be_described_with_its_rollback():
    ecs = broken_update()
    ecs.advance(10)
    listed = ecs.call("ListServiceDeployments", {"cluster": "c", "service": "web"})
    arn = listed["serviceDeployments"][0]["serviceDeploymentArn"]

    answer = ecs.call("DescribeServiceDeployments", {"serviceDeploymentArns": [arn]})

    (rollout,) = answer["serviceDeployments"]
    revision = rollout["rollback"]["serviceRevisionArn"]
    assert revision.rpartition("/")[2] == ecs.good_id.removeprefix("ecs-svc/")
    assert "circuit breaker" in rollout["statusReason"]


def newest_rollout(ecs):
    body = {"cluster": "c", "service": "web"}
    return ecs.call("ListServiceDeployments", body)["serviceDeployments"][0]


def test_stopping_a_first_deployment_rolls_nothing_back():
    ecs = Ecs()
    ecs.register()
    ecs.runtime.scripts["web:1"] = Script(starts_after=timedelta(hours=1))
    ecs.create()
    ecs.advance(2)
    arn = newest_rollout(ecs)["serviceDeploymentArn"]

    ecs.call("StopServiceDeployment", {"serviceDeploymentArn": arn})
    requested = newest_rollout(ecs)["status"]
    ecs.advance(2)

    assert (requested, newest_rollout(ecs)["status"]) == ("STOP_REQUESTED", "STOPPED")
    assert ecs.primary()["rolloutState"] == "FAILED"


def test_an_ended_service_deployment_cannot_be_stopped():
    ecs = Ecs()
    ecs.register()
    ecs.create()
    ecs.advance(3)
    arn = newest_rollout(ecs)["serviceDeploymentArn"]

    with pytest.raises(EcsError) as refused:
        ecs.call("StopServiceDeployment", {"serviceDeploymentArn": arn})

    assert refused.value.code == "ConflictException"


def test_a_service_deployment_passes_through_its_states():
    ecs = broken_update(script=Script(starts_after=timedelta(hours=1)))
    statuses = [newest_rollout(ecs)["status"]]
    ecs.advance(1)
    statuses.append(newest_rollout(ecs)["status"])
    arn = newest_rollout(ecs)["serviceDeploymentArn"]

    ecs.call("StopServiceDeployment", {"serviceDeploymentArn": arn})
    statuses.append(newest_rollout(ecs)["status"])
    ecs.effects.drain = timedelta(seconds=3)
    ecs.advance(5)
    statuses.append(newest_rollout(ecs)["status"])

    assert statuses == [
        "PENDING",
        "IN_PROGRESS",
        "ROLLBACK_REQUESTED",
        "ROLLBACK_SUCCESSFUL",
    ]
