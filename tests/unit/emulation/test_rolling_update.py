from datetime import timedelta

import pytest

from controller.emulation.ecs.arithmetic import limits
from controller.emulation.ecs.errors import EcsError
from controller.emulation.runtimes.scripted import Script
from tests.builders.simulated_ecs import (
    BALANCER,
    NETWORK,
    REGISTRY,
    running,
)


def test_a_new_definition_replaces_every_task():
    ecs = running(desired=3)
    new = ecs.register("web:2")

    ecs.update(taskDefinition=new)
    ecs.advance(6)

    assert {t["taskDefinitionArn"] for t in ecs.tasks()} == {new}
    assert [d["status"] for d in ecs.service()["deployments"]] == ["PRIMARY"]
    reasons = {t["stoppedReason"] for t in ecs.tasks("STOPPED")}
    assert reasons == {
        f"Scaling activity initiated by (deployment {ecs.primary()['id']})"
    }


def test_the_old_deployment_is_active_while_it_is_replaced():
    ecs = running()
    ecs.register("web:2")
    ecs.runtime.scripts["web:2"] = Script(starts_after=timedelta(seconds=5))

    ecs.update(taskDefinition="web")
    ecs.advance(2)

    deployments = ecs.service()["deployments"]
    assert [d["status"] for d in deployments] == ["PRIMARY", "ACTIVE"]
    assert deployments[0]["rolloutState"] == "IN_PROGRESS"
    assert deployments[1]["desiredCount"] == deployments[1]["runningCount"] == 1


def test_the_deployment_id_ends_in_the_service_revision():
    ecs = running()
    service = ecs.service()

    number = service["deployments"][0]["id"].removeprefix("ecs-svc/")

    assert service["currentServiceRevisions"][0]["arn"].endswith(f"/{number}")


@pytest.mark.parametrize(
    ("fields", "deploys"),
    [
        ({"desiredCount": 2}, False),
        ({"healthCheckGracePeriodSeconds": 9}, False),
        ({"enableExecuteCommand": True}, False),
        ({"deploymentConfiguration": {"maximumPercent": 150}}, False),
        ({"taskDefinition": "web:1"}, False),
        ({"networkConfiguration": NETWORK}, False),
        ({"platformVersion": "1.4.0"}, True),
        ({"serviceRegistries": [{"registryArn": REGISTRY}]}, True),
        ({"loadBalancers": [BALANCER]}, True),
        ({"forceNewDeployment": True}, True),
    ],
    ids=lambda v: next(iter(v)) if isinstance(v, dict) else str(v),
)
def test_only_some_changes_start_a_deployment(fields, deploys):
    ecs = running()
    before = ecs.primary()["id"]

    ecs.update(**fields)

    assert (ecs.primary()["id"] != before) is deploys


def test_an_update_keeps_omitted_fields():
    configuration = {"maximumPercent": 150, "minimumHealthyPercent": 50}
    ecs = running(deploymentConfiguration=configuration)

    ecs.update(deploymentConfiguration={"maximumPercent": 200})

    kept = ecs.service()["deploymentConfiguration"]
    assert (kept["maximumPercent"], kept["minimumHealthyPercent"]) == (200, 50)


def test_a_newer_deployment_supersedes_the_open_one():
    ecs = running()
    ecs.runtime.scripts["web:2"] = Script(starts_after=timedelta(hours=1))
    ecs.update(taskDefinition=ecs.register("web:2"))
    ecs.advance(2)

    ecs.update(taskDefinition=ecs.register("web:3"))
    ecs.advance(6)

    assert ecs.rollouts() == ["SUCCESSFUL", "STOPPED", "SUCCESSFUL"]


def test_percentages_that_allow_no_move_are_announced_once():
    ecs = running(
        deploymentConfiguration={"maximumPercent": 100, "minimumHealthyPercent": 100}
    )
    ecs.update(taskDefinition=ecs.register("web:2"))

    ecs.advance(30)

    stuck = [e for e in ecs.events() if "because of the service deployment conf" in e]
    assert len(stuck) == 1
    assert ecs.primary()["rolloutState"] == "IN_PROGRESS"


SPOT = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
MIXED = [*SPOT, {"capacityProvider": "FARGATE", "base": 1, "weight": 1}]
CHANGES = pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(None, SPOT, id="to a strategy"),
        pytest.param(SPOT, MIXED, id="within"),
        pytest.param(MIXED, [], id="away"),
    ],
)


def with_strategy(before):
    ecs = running()
    if before:
        ecs.update(capacityProviderStrategy=before, forceNewDeployment=True)
        ecs.advance(30)
    return ecs


@CHANGES
def test_a_changed_capacity_provider_strategy_needs_a_forced_deployment(before, after):
    ecs = with_strategy(before)
    strategy = ecs.service().get("capacityProviderStrategy")

    with pytest.raises(EcsError, match="you must force a new deployment") as caught:
        ecs.update(capacityProviderStrategy=after)

    assert caught.value.code == "InvalidParameterException"
    assert ecs.service().get("capacityProviderStrategy") == strategy


@CHANGES
def test_a_forced_deployment_changes_the_capacity_provider_strategy(before, after):
    ecs = with_strategy(before)
    rollouts = len(ecs.rollouts())

    service = ecs.update(capacityProviderStrategy=after, forceNewDeployment=True)

    found = {item["capacityProvider"] for item in service["capacityProviderStrategy"]}
    assert found == {item["capacityProvider"] for item in after}
    assert service.get("launchType") == (None if after else "FARGATE")
    assert len(ecs.rollouts()) == rollouts + 1


def test_an_equal_capacity_provider_strategy_needs_no_deployment():
    ecs = with_strategy(MIXED)

    ecs.update(capacityProviderStrategy=[*reversed(MIXED)])

    assert len(ecs.rollouts()) == 2


@pytest.mark.parametrize("desired", [1, 3, 4])
@pytest.mark.parametrize(
    ("least", "most"), [(100, 200), (50, 100), (0, 100), (50, 150), (100, 150)]
)
def test_a_rolling_update_keeps_within_its_percentages(desired, least, most):
    configuration = {"minimumHealthyPercent": least, "maximumPercent": most}
    ecs = running(desired, deploymentConfiguration=configuration)
    ecs.runtime.scripts["web:2"] = Script(starts_after=timedelta(seconds=3))
    ecs.update(taskDefinition=ecs.register("web:2"))
    counts = []

    for _ in range(60):
        ecs.advance(1)
        service = ecs.service()
        counts.append((service["runningCount"], service["pendingCount"]))

    allowed = limits(desired, configuration)
    assert min(running for running, _ in counts) >= allowed.minimum
    assert max(running + pending for running, pending in counts) <= allowed.maximum
    stuck = allowed.minimum == allowed.maximum
    assert ecs.primary()["rolloutState"] == ("IN_PROGRESS" if stuck else "COMPLETED")
