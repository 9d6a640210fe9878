"""The number of tasks and autoscaling, on the emulated AWS."""

from datetime import timedelta

from tests.builders.reconcile_loop import PLATFORM

SCALED = {"minimum": 1, "maximum": 4}


def target(world):
    answer = world.aws.call(
        "application-autoscaling", "DescribeScalableTargets", ServiceNamespace="ecs"
    )
    found = [(t["MinCapacity"], t["MaxCapacity"]) for t in answer["ScalableTargets"]]
    return found[0] if found else None


def scaled_by_somebody(world, count):
    world.aws.call(
        "ecs",
        "UpdateService",
        cluster=PLATFORM.cluster,
        service="hokusai-api-local",
        desiredCount=count,
    )


def test_both_numbers_are_set_and_put_back_and_the_count_between_is_left(world):
    first = world.run(world.api(scaling=SCALED))
    made = target(world)
    scaled_by_somebody(world, 3)
    world.aws.call(
        "application-autoscaling",
        "RegisterScalableTarget",
        ServiceNamespace="ecs",
        ResourceId=f"service/{PLATFORM.cluster}/hokusai-api-local",
        ScalableDimension="ecs:service:DesiredCount",
        MaxCapacity=9,
    )

    again = world.run(world.api(scaling=SCALED))

    assert first.converged
    assert again.converged
    assert made == target(world) == (1, 4)
    assert world.service()["desiredCount"] == 3


def test_scaling_that_is_taken_out_of_the_document_ends(world):
    world.run(world.api(scaling=SCALED))

    world.restart()
    result = world.run(world.api())

    assert result.converged
    assert target(world) is None


def test_a_declared_count_does_not_conflict_with_an_external_autoscaler(world):
    world.run(world.api(desired_count=1))
    world.aws.call(
        "application-autoscaling",
        "RegisterScalableTarget",
        ServiceNamespace="ecs",
        ResourceId=f"service/{PLATFORM.cluster}/hokusai-api-local",
        ScalableDimension="ecs:service:DesiredCount",
        MinCapacity=1,
        MaxCapacity=4,
    )
    scaled_by_somebody(world, 3)

    result = world.run(world.api(desired_count=1))

    assert result.converged
    assert world.service()["desiredCount"] == 3


def test_fields_taken_out_of_the_document_are_removed_and_others_stay(world):
    own = {"enableExecuteCommand": True, "tags": [{"key": "team", "value": "growth"}]}
    world.run(world.api(service=own))
    arn = world.service()["serviceArn"]
    world.aws.call(
        "ecs", "TagResource", resourceArn=arn, tags=[{"key": "cost", "value": "7"}]
    )

    world.restart()
    result = world.run(world.api())

    assert result.converged
    assert world.service()["enableExecuteCommand"] is False
    assert "team" not in world.tags()
    assert world.tags()["cost"] == "7"


def test_tasks_may_run_on_spare_capacity(world):
    spot = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]

    result = world.run(world.api(service={"capacityProviderStrategy": spot}))

    (strategy,) = world.service()["capacityProviderStrategy"]
    assert result.converged
    assert strategy["capacityProvider"] == "FARGATE_SPOT"


def test_the_capacity_provider_strategy_changes_in_both_directions(world):
    """Each change is one deployment that ECS accepts, also with delayed reads."""
    spot = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
    mixed = [*spot, {"capacityProvider": "FARGATE", "base": 1}]
    world.run(world.api())
    world.server.simulator.read_lag = timedelta(seconds=6)

    for strategy in (spot, mixed, None):
        fields = {"capacityProviderStrategy": strategy} if strategy else {}
        before = len(deployments(world))
        world.run(world.api(service=fields), passes=20, seconds=1)
        result = world.run(world.api(service=fields))

        found = world.service().get("capacityProviderStrategy", [])
        assert result.converged, strategy
        assert {f["capacityProvider"] for f in found} == {
            item["capacityProvider"] for item in strategy or ()
        }
        assert len(deployments(world)) == before + 1, strategy


def deployments(world):
    answer = world.aws.call(
        "ecs",
        "ListServiceDeployments",
        cluster=PLATFORM.cluster,
        service="hokusai-api-local",
    )
    return answer["serviceDeployments"]
