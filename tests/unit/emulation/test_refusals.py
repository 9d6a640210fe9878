import pytest

from controller.emulation.ecs import EcsError
from tests.builders.simulated_ecs import (
    NETWORK,
    Ecs,
    refused,
    with_services,
)


def test_an_unknown_operation_is_refused_by_name():
    with pytest.raises(EcsError, match="Dance is not an operation"):
        Ecs().call("Dance", {})


def test_an_invalid_token_is_refused():
    code = refused(with_services(1), "ListServices", cluster="c", nextToken="zzz")

    assert code == "InvalidParameterException"


def test_another_creation_of_the_same_name_is_refused():
    ecs = Ecs()
    ecs.register()
    ecs.create()

    with pytest.raises(EcsError, match="not idempotent"):
        ecs.create(desired=2)


def test_awsvpc_needs_a_network_configuration():
    ecs = Ecs()
    ecs.register()

    with pytest.raises(EcsError, match="Network Configuration must be provided"):
        ecs.create(networkConfiguration={})


@pytest.mark.parametrize(
    ("balancer", "reason"),
    [
        ({"containerName": "no", "containerPort": 80}, "container no does not exist"),
        ({"containerName": "app", "containerPort": 81}, "container port 81"),
    ],
    ids=["container", "port"],
)
def test_a_load_balancer_must_match_the_definition(balancer, reason):
    ecs = Ecs()
    ecs.register()

    with pytest.raises(EcsError, match=reason):
        ecs.create(loadBalancers=[{"targetGroupArn": "arn", **balancer}])


def test_a_cluster_with_services_cannot_be_deleted():
    code = refused(with_services(1), "DeleteCluster", cluster="c")

    assert code == "ClusterContainsServicesException"


def test_a_missing_registry_is_refused():
    ecs = Ecs()
    ecs.register()
    ecs.effects.missing_registries.add("arn/srv-1")

    with pytest.raises(EcsError, match="srv-1 does not exist"):
        ecs.create(serviceRegistries=[{"registryArn": "arn/srv-1"}])


PROVIDER = [{"capacityProvider": "FARGATE"}]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"name": "bad name"}, "Invalid identifier"),
        ({"clientToken": "x" * 37}, "clientToken"),
        ({"capacityProviderStrategy": PROVIDER}, "both a launch type"),
        ({"schedulingStrategy": "DAEMON"}, "not supported for FARGATE"),
        ({"desired": None}, "desiredCount is required"),
        ({"desired": -1}, "0 or more"),
        ({"serviceRegistries": [{}, {}]}, "Only one service registry"),
        ({"deploymentConfiguration": {"maximumPercent": 50}}, "at least 100"),
        ({"taskDefinition": None}, "can not be blank"),
        ({"taskDefinition": "nope"}, "TaskDefinition not found"),
        ({"taskDefinition": "web:no"}, "TaskDefinition not found"),
    ],
    ids=lambda v: next(iter(v)) if isinstance(v, dict) else "",
)
def test_refuses_a_service_that_aws_refuses(fields, reason):
    ecs = Ecs()
    ecs.register()

    with pytest.raises(EcsError, match=reason):
        ecs.create(**fields)


def test_a_network_is_refused_without_awsvpc():
    ecs = Ecs()
    app = {"name": "app", "image": "web:1", "memory": 64}
    body = {"family": "web", "containerDefinitions": [app]}
    ecs.call("RegisterTaskDefinition", body)

    with pytest.raises(EcsError, match="not valid for the given networkMode"):
        ecs.create(launchType="EC2")


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ([{"key": "", "value": "x"}], "1 to 128"),
        ([{"key": "a", "value": "x" * 257}], "up to 256"),
        ([{"key": "aws:x", "value": "x"}], "not allowed for external use"),
        ([{"key": str(n), "value": ""} for n in range(51)], "at most 50"),
    ],
    ids=["empty-key", "long-value", "reserved", "too-many"],
)
def test_refuses_tags_that_aws_refuses(tags, reason):
    ecs = Ecs()
    ecs.register()

    with pytest.raises(EcsError, match=reason):
        ecs.create(tags=tags)


@pytest.mark.parametrize(
    "resource",
    ["task-definition/no:1", "cluster/no", "service/c/no", "task/c/no", "volume/c/no"],
)
def test_tags_of_a_missing_resource_are_refused(resource):
    arn = f"arn:aws:ecs:us-east-1:123456789012:{resource}"

    code = refused(Ecs(), "ListTagsForResource", resourceArn=arn)

    assert code == "ResourceNotFoundException"


def test_a_cluster_with_tasks_cannot_be_deleted():
    ecs = Ecs()
    ecs.register()
    body = {"cluster": "c", "taskDefinition": "web", "networkConfiguration": NETWORK}
    ecs.call("RunTask", body)

    code = refused(ecs, "DeleteCluster", cluster="c")

    assert code == "ClusterContainsTasksException"
