"""Services on the emulated ECS, over HTTP; time moves only when told."""

import pytest

from controller.core.errors import ConflictError
from controller.core.planning.safety import SafetyLimits
from controller.core.resources.condition import ConditionType, Truth
from controller.core.resources.plan import Hold, Reason
from controller.core.values.identity import OWNER_TAG
from tests.builders.reconcile_loop import PLATFORM


def test_a_service_is_created_registered_and_followed_to_its_end(world):
    result = world.run(world.api())

    assert result.converged
    service = world.service()
    assert service["runningCount"] == 1
    assert len(service["serviceRegistries"]) == 1


def test_an_undeclared_service_is_deleted_only_with_prune_and_after_two_observations(
    world,
):
    web = world.service_of("web")
    world.run(world.api(), web)
    told = world.run(world.api(), passes=1)
    kept = world.service("web")["status"]

    held = world.machine.run(world.api(), limits=SafetyLimits(prune=True))
    world.machine.reconciler.memory.doomed = frozenset({web.id})
    world.run(world.api(), passes=2, limits=SafetyLimits(prune=True))

    assert [str(a.target) for a in told.left.advice] == ["service/web"]
    assert kept == "ACTIVE"
    assert [b.hold for b in held.left.blocked] == [Hold.PRUNE_BLOCKED]
    assert world.service("web")["status"] == "INACTIVE"
    assert world.service()["status"] == "ACTIVE"


def test_a_service_that_lost_our_tag_meanwhile_is_not_deleted(world):
    web = world.service_of("web")
    world.run(world.api(), web)
    world.run(world.api(), passes=1)
    arn = world.service("web")["serviceArn"]
    world.aws.call("ecs", "UntagResource", resourceArn=arn, tagKeys=[OWNER_TAG])
    world.machine.reconciler.memory.doomed = frozenset({web.id})

    result = world.machine.run(world.api(), limits=SafetyLimits(prune=True))

    assert "no longer has this controller's tag" in str(result.outcomes[web.id].error)
    assert world.service("web")["status"] == "ACTIVE"


def test_in_sync_one_call_looks_and_none_writes(world):
    world.run(world.api())
    before = dict(world.aws.counts), dict(world.aws.writes)

    for _ in range(3):
        assert world.machine.run(world.api()).converged

    counts = {k: n - before[0].get(k, 0) for k, n in world.aws.counts.items()}
    assert {k: n for k, n in counts.items() if n} == {"ecs:DescribeServices": 3}
    assert dict(world.aws.writes) == before[1]


def test_an_earlier_image_registers_no_new_revision(world):
    for image in ("api:1", "api:2", "api:1"):
        assert world.run(world.api(image)).converged

    assert len(world.revisions()) == 2
    assert world.service()["taskDefinition"].endswith(":1")


def test_a_manually_deleted_service_is_created_again(world):
    world.run(world.api())
    world.aws.call(
        "ecs",
        "DeleteService",
        cluster=PLATFORM.cluster,
        service="hokusai-api-local",
        force=True,
    )

    assert world.run(world.api(), passes=12).converged
    assert world.service()["status"] == "ACTIVE"


def test_an_unmanaged_service_is_reported_and_then_adopted(world):
    world.aws.call(
        "ecs",
        "RegisterTaskDefinition",
        family="by-hand",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": "web", "image": "api:0"}],
    )
    world.aws.call(
        "ecs",
        "CreateService",
        cluster=PLATFORM.cluster,
        serviceName="hokusai-api-local",
        taskDefinition="by-hand",
        desiredCount=1,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": world.network},
    )

    reported = world.run(world.api(), passes=1)
    adopted = world.run(world.api(adopt=True), passes=12)

    assert [a.reason for a in reported.left.advice] == [Reason.NOT_MANAGED]
    assert adopted.converged
    assert "hokusai-api-local" in world.service()["taskDefinition"]


def test_an_unknown_cluster_is_unknown_with_the_command_that_makes_it(world):
    result = world.machine.run(world.api(cluster="nowhere"))

    ready = next(iter(result.statuses.values()))[ConditionType.READY]
    assert ready.status is Truth.UNKNOWN
    assert "aws ecs create-cluster --cluster-name nowhere" in ready.message


def test_a_missing_namespace_fails_with_the_command_that_makes_it(world):
    elsewhere = world.api()
    spec = elsewhere.spec.model_copy(update={"namespace": "other.local"})
    broken = type(elsewhere)(elsewhere.id, spec, elsewhere.generation)

    result = world.run(broken, passes=1)

    ready = next(iter(result.statuses.values()))[ConditionType.READY]
    assert "create-private-dns-namespace" in ready.message


def test_what_is_put_on_the_service_by_others_stays(world):
    world.run(world.api())
    world.aws.call(
        "ecs",
        "UpdateService",
        cluster=PLATFORM.cluster,
        service="hokusai-api-local",
        desiredCount=3,
        enableExecuteCommand=True,
    )

    result = world.run(world.api())

    assert result.converged
    assert world.service()["desiredCount"] == 3
    assert world.service()["enableExecuteCommand"] is True


def test_a_log_group_that_is_there_is_left_as_it_is(world):
    group = "/ecs/hokusai-api-local"
    world.aws.call("logs", "CreateLogGroup", logGroupName=group)
    world.aws.call(
        "logs", "PutRetentionPolicy", logGroupName=group, retentionInDays=365
    )

    world.run(world.api())

    (found,) = world.aws.call("logs", "DescribeLogGroups")["logGroups"]
    assert found["retentionInDays"] == 365
    with pytest.raises(ConflictError):
        world.aws.call("logs", "CreateLogGroup", logGroupName=group)


def test_more_disruptive_changes_than_allowed_wait(world):
    world.run(world.api())

    result = world.machine.run(
        world.api("api:2"), limits=SafetyLimits(max_disruptive_actions=0)
    )

    assert [b.hold for b in result.left.blocked] == [Hold.DISRUPTION_BUDGET_EXCEEDED]
