"""What ECS cannot start a task without, whatever else is well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from controller.kinds.service.render.service import settings
from controller.kinds.service.render.task_definition import render
from controller.kinds.service.spec.aws_names import ecr_image

if TYPE_CHECKING:
    from controller.kinds.service.spec.service import ServiceSpec


def needs_execution_role(spec: ServiceSpec) -> Iterator[str]:
    """Yield what the task needs an execution role for, if it has none.

    On Fargate for logs in CloudWatch and images in ECR, which an instance's own role
    sees to elsewhere; everywhere for secrets. "Amazon ECS task execution IAM role",
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
    """Whether tasks have addresses of their own, and no subnet to have them in.

    CreateService, field networkConfiguration; API reference.
    """
    if render(spec)["networkMode"] != "awsvpc":
        return False
    placed = settings(spec).get("networkConfiguration", {})
    return not placed.get("awsvpcConfiguration", {}).get("subnets")


def _is_local(spec: ServiceSpec) -> bool:
    """Whether tasks are processes of this machine, which take on no role."""
    return spec.owner.endswith("/local")


def _secrets(container: Mapping[str, Any]) -> Iterator[str]:
    yield from (found["name"] for found in container.get("secrets", ()))
    options = container.get("logConfiguration", {}).get("secretOptions", ())
    yield from (found["name"] for found in options)
    if container.get("repositoryCredentials"):
        yield "the registry's credentials"
