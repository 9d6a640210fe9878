"""Load balancer targets, probed over real sockets."""

import pytest

from tests.builders.emulated_aws import client, with_listener
from tests.builders.emulated_platform import Platform, address_of
from tests.builders.waiting import eventually

PORTS = [{"containerPort": 8001}]


@pytest.fixture
def platform(real):
    return Platform(real)


@pytest.fixture
def balancer(real):
    return client(real, "elbv2")


@pytest.fixture
def group(real, balancer, vpc):
    """Return a function that creates a target group with a listener."""
    return lambda **more: with_listener(real, create_group(balancer, vpc, **more))


@pytest.fixture
def vpc(real):
    return client(real, "ec2").describe_vpcs()["Vpcs"][0]["VpcId"]


def create_group(balancer, vpc, path="/", delay=1):
    answer = balancer.create_target_group(
        Name="t",
        Protocol="HTTP",
        Port=8001,
        VpcId=vpc,
        TargetType="ip",
        HealthCheckPath=path,
        HealthCheckIntervalSeconds=5,
        UnhealthyThresholdCount=2,
    )
    arn = answer["TargetGroups"][0]["TargetGroupArn"]
    seconds = {"Key": "deregistration_delay.timeout_seconds", "Value": str(delay)}
    balancer.modify_target_group_attributes(TargetGroupArn=arn, Attributes=[seconds])
    return arn


def healths(balancer, arn):
    found = balancer.describe_target_health(TargetGroupArn=arn)
    return {
        entry["Target"]["Id"]: entry["TargetHealth"]["State"]
        for entry in found["TargetHealthDescriptions"]
    }


def behind(arn):
    target = {"targetGroupArn": arn, "containerName": "app", "containerPort": 8001}
    return {"loadBalancers": [target]}


def test_a_target_is_healthy_once_it_answers_and_drains_when_it_stops(
    platform, balancer, group
):
    arn = group(delay=3)
    platform.register("web", "web:1", portMappings=PORTS)
    platform.create("web", **behind(arn))
    task = platform.running("web")
    before = healths(balancer, arn)

    platform.ecs.update_service(cluster="c", service="web", desiredCount=0)
    draining = eventually(
        lambda: healths(balancer, arn), lambda found: "draining" in found.values()
    )

    assert before == {address_of(task): "healthy"}
    assert draining == {address_of(task): "draining"}
    eventually(lambda: healths(balancer, arn), lambda found: found == {})


def test_a_target_with_a_wrong_status_is_never_healthy(platform, balancer, group):
    arn = group(path="/no-such-file")
    platform.register("web", "web:1", portMappings=PORTS)
    platform.create("web", **behind(arn))

    eventually(
        lambda: healths(balancer, arn), lambda found: "unhealthy" in found.values()
    )

    (deployment,) = platform.service("web")["deployments"]
    assert deployment["rolloutState"] == "IN_PROGRESS"
