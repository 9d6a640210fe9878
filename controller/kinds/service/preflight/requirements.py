"""Requirements of a task: an execution role and subnets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from controller.kinds.service.render.service import settings
from controller.kinds.service.render.task_definition import render
from controller.kinds.service.spec.aws_names import ecr_image

if TYPE_CHECKING:
    from controller.kinds.service.spec.service import ServiceSpec


def needs_execution_role(spec: ServiceSpec) -> Iterator[str]:
    """Yield each purpose for which the task needs an execution role and has none.

    On Fargate: logs in CloudWatch and images in ECR, for which the instance role is
    used elsewhere. Everywhere: secrets. "Amazon ECS task execution IAM role",
    developer guide.
    """
    definition = render(spec)
    if definition.get("executionRoleArn") or _is_local(spec):
        return
    fargate = "FARGATE" in definition.get("requiresCompatibilities", ())
    containers = definition["containerDefinitions"]
    if names := sorted({name for c in containers for name in _secrets(c)}):
        yield f"to read {', '.join(names)}"
    images = (c.get("image", "") for c in containers)
    if fargate and any(ecr_image(image) for image in images):
        yield "to pull from ECR"
    drivers = (c.get("logConfiguration", {}).get("logDriver") for c in containers)
    if fargate and "awslogs" in drivers:
        yield "to write logs to CloudWatch"


def needs_subnets(spec: ServiceSpec) -> bool:
    """Return True if tasks have addresses of their own and no subnets are declared.

    CreateService, field networkConfiguration; API reference.
    """
    if render(spec)["networkMode"] != "awsvpc":
        return False
    placed = settings(spec).get("networkConfiguration", {})
    return not placed.get("awsvpcConfiguration", {}).get("subnets")


def _is_local(spec: ServiceSpec) -> bool:
    """Return True on the local platform, where tasks assume no role."""
    return spec.owner.endswith("/local")


def _secrets(container: Mapping[str, Any]) -> Iterator[str]:
    yield from (found["name"] for found in container.get("secrets", ()))
    options = container.get("logConfiguration", {}).get("secretOptions", ())
    yield from (found["name"] for found in options)
    if container.get("repositoryCredentials"):
        yield "the registry's credentials"
