"""Preflight checks of a service in the emulated AWS."""

import dataclasses
import json
import shlex

import pytest

from controller.clients.clock import SystemClock
from controller.core.document.resource import ResourceId
from controller.core.errors import PermanentError, ThrottledError
from controller.core.planning.preflight import CheckFinding, CheckPassed, CheckUnknown
from controller.core.resources.plan import Hold
from controller.emulation.clocks import SteppedClock
from controller.emulation.runtimes.scripted import ScriptedRuntime
from controller.emulation.server import EmulatorServer
from controller.kinds.service.driver import ServiceDriver
from tests.builders.emulated_prerequisites import BREAKS, CANARY, IMAGE, Refusing, World
from tests.builders.reconcile_loop import PLATFORM

# Operations that return the value of a secret.
FORBIDDEN = {
    "secretsmanager:GetSecretValue",
    "secretsmanager:BatchGetSecretValue",
    "ssm:GetParameter",
    "ssm:GetParameters",
    "ssm:GetParametersByPath",
    "ssm:GetParameterHistory",
    "kms:Decrypt",
}


@pytest.fixture
def world():
    with EmulatorServer(runtime=ScriptedRuntime(), clock=SteppedClock()) as server:
        yield World(server)


def test_nothing_is_found_where_nothing_is_missing(world):
    assert world.findings() == []
    assert not [r for r in world.results() if isinstance(r, CheckUnknown)]


@pytest.mark.parametrize("name", BREAKS)
def test_each_missing_prerequisite_is_found_with_a_command(world, name):
    take_away, message = BREAKS[name]
    take_away(world)

    (finding,) = world.findings()

    assert finding.message.startswith(message) or message in finding.message
    assert shlex.split(finding.command)[0] == "aws"
    assert CANARY not in repr(finding)


def test_everything_that_is_missing_is_found_at_once_and_holds_the_service(world):
    for name in ("image", "secret", "parameter", "role", "redis", "bucket"):
        BREAKS[name][0](world)

    result = world.machine.run(world.api())

    (blocked,) = result.left.blocked
    assert blocked.hold is Hold.PREFLIGHT_FAILED
    assert "tasks cannot start. 5 more findings." in blocked.message
    assert len(result.left.advice) == 6
    assert all(advice.command.startswith("aws ") for advice in result.left.advice)
    answer = world.aws.call("ecs", "ListTaskDefinitions")
    assert answer["taskDefinitionArns"] == []


def test_the_service_is_created_once_nothing_is_missing(world):
    BREAKS["parameter"][0](world)
    held = world.machine.run(world.api())
    value = {"Value": "x", "Type": "SecureString"}
    world.aws.call("ssm", "PutParameter", Name="/hokusai/redis", **value)

    made = world.machine.run(world.api())

    assert held.left.blocked
    assert not made.plan.blocked
    assert world.aws.writes["ecs:CreateService"] == 1


def test_the_value_of_a_secret_is_never_read_or_printed(world):
    before = dict(world.aws.writes)

    told = repr(world.results())

    assert FORBIDDEN.isdisjoint(world.aws.counts)
    assert CANARY not in told
    assert dict(world.aws.writes) == before


def test_a_prerequisite_of_several_services_is_read_once(world):
    resources = {
        ResourceId("service", f"api{number}"): world.api() for number in range(3)
    }
    before = dict(world.aws.counts)

    world.driver.inspect(resources)

    counts = {k: n - before.get(k, 0) for k, n in world.aws.counts.items()}
    assert counts.pop("iam:GetRole") == 2
    assert max(counts.values()) == 1


@pytest.mark.parametrize(
    "operation",
    [
        "ecr:BatchGetImage",
        "secretsmanager:DescribeSecret",
        "ssm:DescribeParameters",
        "iam:GetRole",
        "ec2:DescribeSubnets",
        "ec2:DescribeSecurityGroups",
        "elasticache:DescribeCacheClusters",
        "rds:DescribeDBInstances",
        "s3:HeadBucket",
        "ecs:DescribeServices",
    ],
)
def test_a_refused_or_throttled_read_is_unknown_and_not_a_finding(world, operation):
    for error in (PermanentError("AccessDenied"), ThrottledError("slow down")):
        world.aws.refused = {operation: error}

        results = world.results(routes=[{"host": "api.hokus.ai"}])

        unseen = [r for r in results if isinstance(r, CheckUnknown)]
        found = {r.check for r in results if isinstance(r, CheckFinding)}
        # The load balancer of the route does not exist.
        assert found <= {"routes"}
        assert {r.temporary for r in unseen} == {isinstance(error, ThrottledError)}


def test_a_missing_log_group_of_a_live_service_is_a_finding(world):
    for _ in range(3):
        world.machine.run(world.api())
    group = "/ecs/hokusai-api-local"
    there = world.results()
    world.aws.call("logs", "DeleteLogGroup", logGroupName=group)

    (finding,) = world.findings()

    assert CheckPassed("log group") in there
    assert finding.message == f"Log group {group} is missing: new tasks cannot start."


def test_the_architecture_of_an_image_without_an_index_is_read(world):
    manifest = {
        "schemaVersion": 2,
        "config": {"digest": "sha256:" + "0" * 64},
        "layers": [],
    }
    world.aws.call(
        "ecr",
        "PutImage",
        repositoryName="hokusai/api",
        imageManifest=json.dumps(manifest),
        imageManifestMediaType="application/vnd.oci.image.manifest.v1+json",
        imageTag="arm",
    )
    url = {"downloadUrl": "https://somewhere/?signature=x"}

    class Downloading(Refusing):
        def call(self, service, operation, /, **parameters):
            if operation == "GetDownloadUrlForLayer":
                return url
            return super().call(service, operation, **parameters)

    blob = json.dumps({"architecture": "arm64"}).encode()
    aws = Downloading(world.aws)
    driver = ServiceDriver(aws, PLATFORM, SystemClock(), fetch=lambda _: blob)
    resource = world.api(image=IMAGE.replace(":1", ":arm"), connects=[])

    (finding,) = [
        r
        for r in driver.inspect({resource.id: resource})[resource.id]
        if isinstance(r, CheckFinding)
    ]

    assert "is built for ARM64, but the task runs on X86_64" in finding.message


def test_an_unmanaged_target_group_that_does_not_match_is_a_finding(world):
    call = world.aws.call
    made = call(
        "elbv2",
        "CreateTargetGroup",
        Name="reg-api",
        Protocol="HTTP",
        Port=8001,
        VpcId=world.subnet["VpcId"],
        TargetType="ip",
        HealthCheckPath="/mlflow",
    )
    arn = made["TargetGroups"][0]["TargetGroupArn"]
    subnets = [found["SubnetId"] for found in call("ec2", "DescribeSubnets")["Subnets"]]
    balancer = call("elbv2", "CreateLoadBalancer", Name="shared", Subnets=subnets[:2])
    call(
        "elbv2",
        "CreateListener",
        LoadBalancerArn=balancer["LoadBalancers"][0]["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": arn}],
    )
    for _ in range(3):
        world.machine.run(world.api())
    call(
        "ecs",
        "UpdateService",
        cluster=PLATFORM.cluster,
        service="hokusai-api-local",
        loadBalancers=[
            {
                "targetGroupArn": arn,
                "containerName": "hokusai-api-local",
                "containerPort": 8001,
            }
        ],
    )
    routed = {"routes": [{"host": "api.hokus.ai"}], "health": {"path": "/health"}}

    messages = [finding.message for finding in world.findings(**routed)]

    assert messages == [
        "The load balancer of reg-api does not listen on 443.",
        "reg-api checks /mlflow, but the health path of the service is /health.",
    ]


def test_checks_that_fail_for_one_service_do_not_stop_those_of_another(
    world, monkeypatch
):
    from controller.kinds.service.preflight import catalog

    results = catalog.results_of

    def failing(spec, facts):
        if spec.name == "hokusai-api-local":
            raise KeyError(spec.name)
        return results(spec, facts)

    monkeypatch.setattr(catalog, "results_of", failing)
    driver = ServiceDriver(world.aws, PLATFORM, SystemClock())
    other = ResourceId("service", "other")
    resources = {world.api().id: world.api(), other: world.api()}
    resources[other] = dataclasses.replace(
        world.api(),
        id=other,
        spec=world.api().spec.model_copy(update={"name": "other"}),
    )

    found = driver.inspect(resources)

    (unknown,) = found[world.api().id]
    assert isinstance(unknown, CheckUnknown)
    assert "KeyError" in unknown.reason
    assert any(isinstance(result, CheckPassed) for result in found[other])
