"""The declared task definition as parameters of RegisterTaskDefinition."""

from collections.abc import Mapping
from typing import Any

from controller.core.document.reference import SecretReference
from controller.core.values.paths import Plain
from controller.kinds.service.cache import Memo
from controller.kinds.service.spec.aws_fields import merged
from controller.kinds.service.spec.sections import HealthSpec
from controller.kinds.service.spec.service import ServiceSpec


def render(spec: ServiceSpec) -> Plain:
    """Return the parameters of RegisterTaskDefinition for ``spec``.

    Rendered once per spec; the result must not be changed. Fields with a default of ECS
    are omitted; see ``normalize``.
    """
    return _rendered(spec)


def _render(spec: ServiceSpec) -> Plain:
    return merged(_own(spec), spec.task)


_rendered: Memo[ServiceSpec, Plain] = Memo(_render)


def awslogs_options(container: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the options of the log driver awslogs; empty with another log driver."""
    configuration = container.get("logConfiguration") or {}
    if configuration.get("logDriver") != "awslogs":
        return {}
    options: Mapping[str, str] = configuration.get("options") or {}
    return options


def managed_log_group(spec: ServiceSpec) -> str | None:
    """Return the log group of ``spec``; None if no container writes to it."""
    groups = {
        awslogs_options(container).get("awslogs-group")
        for container in render(spec)["containerDefinitions"]
    }
    return spec.log_group if spec.log_group in groups else None


def _own(spec: ServiceSpec) -> dict[str, Any]:
    definition: dict[str, Any] = {
        "family": spec.name,
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": str(spec.cpu),
        "memory": str(spec.memory),
        "runtimePlatform": {
            "cpuArchitecture": spec.architecture,
            "operatingSystemFamily": "LINUX",
        },
        "containerDefinitions": [_container(spec)],
    }
    if spec.roles.execution:
        definition["executionRoleArn"] = _role(spec, spec.roles.execution)
    if spec.roles.task:
        definition["taskRoleArn"] = _role(spec, spec.roles.task)
    return definition


def _container(spec: ServiceSpec) -> dict[str, Any]:
    container: dict[str, Any] = {
        "name": spec.name,
        "image": spec.image,
        "essential": True,
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": spec.log_group,
                "awslogs-region": spec.region,
                "awslogs-stream-prefix": "ecs",
            },
        },
    }
    if spec.command:
        container["command"] = list(spec.command)
    if spec.port is not None:
        container["portMappings"] = [{"containerPort": spec.port, "protocol": "tcp"}]
    if spec.environment:
        container["environment"] = [
            {"name": name, "value": value}
            for name, value in sorted(spec.environment.items())
        ]
    if spec.secrets:
        container["secrets"] = [
            {"name": name, "valueFrom": value_from(spec, reference)}
            for name, reference in sorted(spec.secrets.items())
        ]
    if spec.health is not None:
        container["healthCheck"] = _health_check(spec, spec.health)
    return container


def value_from(spec: ServiceSpec, reference: SecretReference) -> str:
    """Return the ``valueFrom`` of a secret: its ARN, with key, stage and version.

    A secret's ARN may omit the six characters that Secrets Manager adds to its name, as
    in AWS's "Pass Secrets Manager secrets through Amazon ECS environment variables".
    """
    if reference.ssm:
        path = reference.ssm
        return f"arn:aws:ssm:{spec.region}:{spec.account}:parameter{path}"
    part = reference.secret
    secret = part.name
    if not secret.startswith("arn:"):
        place = f"{spec.region}:{spec.account}"
        secret = f"arn:aws:secretsmanager:{place}:secret:{secret}"
    if not (part.json_key or part.stage or part.version):
        return secret
    return f"{secret}:{part.json_key}:{part.stage}:{part.version}"


def _role(spec: ServiceSpec, role: str) -> str:
    return (
        role if role.startswith("arn:") else f"arn:aws:iam::{spec.account}:role/{role}"
    )


def _health_check(spec: ServiceSpec, health: HealthSpec) -> dict[str, Any]:
    url = f"http://localhost:{spec.port}{health.path}"
    command = health.command or ("CMD-SHELL", f"curl -f {url} || exit 1")
    return {
        "command": list(command),
        "interval": health.interval,
        "timeout": health.timeout,
        "retries": health.retries,
        "startPeriod": health.start_period,
    }
