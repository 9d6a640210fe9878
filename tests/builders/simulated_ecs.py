"""A small ECS for tests: a stepped clock, scripted containers, recorded effects."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from controller.emulation.clocks import SteppedClock
from controller.emulation.data import aws_fills
from controller.emulation.ecs import EcsError, EcsSimulator, Timing
from controller.emulation.ecs.effects import (
    LogOptions,
    MissingError,
    NoEffects,
    TargetRegistration,
)
from controller.emulation.runtimes.scripted import Script, ScriptedRuntime

NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-a"]}}
BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}


class RecordedEffects(NoEffects):
    """Records the effects of ECS on other services."""

    def __init__(self) -> None:
        self.missing_secrets: set[str] = set()
        self.missing_groups: set[str] = set()
        self.missing_registries: set[str] = set()
        self.instances: dict[str, dict[str, str]] = {}
        self.targets: dict[TargetRegistration, str] = {}
        self.log: list[tuple[str, str]] = []
        self.published: list[tuple[str, dict[str, Any]]] = []
        self.drain = timedelta(0)

    def secret(self, value_from: str) -> str:
        if value_from in self.missing_secrets:
            msg = f"failed to fetch secret {value_from}"
            raise MissingError(msg)
        return super().secret(value_from)

    def open_log(self, log: LogOptions) -> None:
        if log.group in self.missing_groups and not log.create_group:
            msg = "The specified log group does not exist."
            raise MissingError(msg)

    def write_log(self, log: LogOptions, at: datetime, lines: Sequence[str]) -> None:
        self.log += [(f"{log.group}:{log.stream}", line) for line in lines]

    def check_registry(self, arn: str) -> None:
        if arn in self.missing_registries:
            msg = f"{arn} does not exist"
            raise MissingError(msg)

    def register_instance(
        self, registry_arn: str, instance_id: str, attributes: Mapping[str, str]
    ) -> None:
        self.instances[instance_id] = dict(attributes)

    def deregister_instance(self, registry_arn: str, instance_id: str) -> None:
        del self.instances[instance_id]

    def set_instance_health(
        self, registry_arn: str, instance_id: str, *, healthy: bool
    ) -> None:
        self.instances[instance_id]["health"] = "HEALTHY" if healthy else "UNHEALTHY"

    def register_target(self, target: TargetRegistration) -> None:
        self.targets[target] = "healthy"

    def deregister_target(self, target: TargetRegistration) -> None:
        self.targets[target] = "draining"

    def target_health(self, target: TargetRegistration) -> str:
        return self.targets.get(target, "unused")

    def deregistration_delay(self, target_group_arn: str) -> timedelta:
        return self.drain

    def publish(
        self, detail_type: str, resources: Sequence[str], detail: Mapping[str, Any]
    ) -> None:
        self.published.append((detail_type, dict(detail)))


class Ecs:
    """An ECS with a cluster ``c`` and shortcuts for frequent calls."""

    def __init__(self, timing: Timing | None = None, **options: Any) -> None:
        self.clock = SteppedClock()
        self.runtime = ScriptedRuntime()
        self.effects = RecordedEffects()
        self.simulator = EcsSimulator(
            clock=self.clock,
            runtime=self.runtime,
            effects=self.effects,
            fills=aws_fills(),
            timing=timing or Timing.instant(),
            **options,
        )
        self.call = self.simulator.call
        self.call("CreateCluster", {"clusterName": "c"})

    def advance(self, seconds: float = 3, step: float = 1) -> None:
        for _ in range(int(seconds / step)):
            self.clock.advance(timedelta(seconds=step))
            self.simulator.step()

    def register(self, image: str = "web:1", family: str = "web", **more: Any) -> str:
        container = {
            "name": "app",
            "image": image,
            "portMappings": [{"containerPort": 80}],
            **more,
        }
        body = {
            "family": family,
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "cpu": "256",
            "memory": "512",
            "containerDefinitions": [container],
        }
        answer = self.call("RegisterTaskDefinition", body)
        return str(answer["taskDefinition"]["taskDefinitionArn"])

    def create(self, name: str = "web", desired: int = 1, **fields: Any) -> Any:
        body = {
            "cluster": "c",
            "serviceName": name,
            "taskDefinition": "web",
            "desiredCount": desired,
            "launchType": "FARGATE",
            "networkConfiguration": NETWORK,
            **fields,
        }
        return self.call("CreateService", body)["service"]

    def update(self, service: str = "web", **fields: Any) -> Any:
        body = {"cluster": "c", "service": service, **fields}
        return self.call("UpdateService", body)["service"]

    def service(self, name: str = "web") -> Any:
        body = {"cluster": "c", "services": [name]}
        return self.call("DescribeServices", body)["services"][0]

    def primary(self, name: str = "web") -> Any:
        return self.service(name)["deployments"][0]

    def tasks(self, status: str = "RUNNING", **filters: Any) -> list[Any]:
        body = {"cluster": "c", "desiredStatus": status, **filters}
        arns = self.call("ListTasks", body)["taskArns"]
        if not arns:
            return []
        tasks = self.call("DescribeTasks", {"cluster": "c", "tasks": arns})["tasks"]
        return list(tasks)

    def events(self, name: str = "web") -> list[str]:
        return [event["message"] for event in self.service(name)["events"]]

    def rollouts(self, name: str = "web") -> list[str]:
        body = {"cluster": "c", "service": name}
        answer = self.call("ListServiceDeployments", body)
        return [rollout["status"] for rollout in answer["serviceDeployments"]]


CRASHES = Script(exits_after=timedelta(0), exit_code=1)
SICK = Script(healthy=False)
HEALTH_CHECK = {"command": ["CMD", "true"], "interval": 5, "retries": 2, "timeout": 2}


def address_of(task: Any) -> str:
    return str(task["containers"][0]["networkInterfaces"][0]["privateIpv4Address"])


REGISTRY = "arn:aws:servicediscovery:us-east-1:123456789012:service/srv-1"

GROUP = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/t/1"

BALANCER = {"targetGroupArn": GROUP, "containerName": "app", "containerPort": 80}


def running(desired: int = 1, **fields: Any) -> Ecs:
    """Return an ECS with one steady service."""
    ecs = Ecs()
    ecs.register()
    ecs.create(desired=desired, **fields)
    ecs.advance(3)
    return ecs


def broken_update(script: Script = CRASHES) -> Any:
    """Return an ECS whose steady service was updated to a failing image."""
    ecs: Any = running(deploymentConfiguration=BREAKER)
    ecs.runtime.scripts["bad:1"] = script
    checks = {"healthCheck": HEALTH_CHECK} if script is SICK else {}
    ecs.bad = ecs.register("bad:1", **checks)
    ecs.good_id = ecs.primary()["id"]
    ecs.bad_id = ecs.update(taskDefinition=ecs.bad)["deployments"][0]["id"]
    return ecs


def refused(ecs: Ecs, operation: str, **body: Any) -> str:
    """Return the error code of a refused call."""
    with pytest.raises(EcsError) as error:
        ecs.call(operation, body)
    return error.value.code


def with_services(count: int) -> Ecs:
    """Return an ECS with services ``web-0``, ``web-1``… without tasks."""
    ecs = Ecs()
    ecs.register()
    for number in range(count):
        ecs.create(f"web-{number}", desired=0)
    return ecs
