"""Sections of a service's declaration: health, deployment, scaling, steps."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from controller.core.document.fields import (
    INT32,
    Flag,
    Key,
    Section,
    Span,
    Text,
    Whole,
    reject,
)
from controller.kinds.service.spec.routes import RoutePath

Matcher = Annotated[
    str,
    Text(
        "[2-4][0-9]{2}(?:-[2-4][0-9]{2})?(?:,[2-4][0-9]{2}(?:-[2-4][0-9]{2})?)*",
        "HTTP status codes, as in 200 or 200-204,302",
    ),
]
Url = Annotated[
    str, Text(r"https?://[^\s/?#@]+(/\S*)?", "an address that starts with http(s)://")
]


class HealthSpec(Section):
    """Health checks of a container: by ECS, the load balancer and the controller."""

    path: RoutePath | None = Field(
        default=None,
        description="Path of the health check on the service's port.",
        examples=["/health"],
    )
    command: tuple[str, ...] | None = Field(
        default=None,
        min_length=2,
        description="Health check command of the container; starts with CMD or "
        "CMD-SHELL. Default: derived from the path.",
        examples=[["CMD-SHELL", "curl -f http://localhost:5000/health || exit 1"]],
    )
    matcher: Matcher = Field(
        default="200",
        description="HTTP status codes that a load balancer counts as healthy.",
        examples=["200-204"],
    )
    interval: Annotated[int, Span(1, 300)] = Field(
        default=30, description="Time between two checks. Minimum on AWS: 5 s."
    )
    timeout: Annotated[int, Span(1, 60)] = Field(
        default=5, description="Timeout of a check. Minimum on AWS: 2 s."
    )
    retries: Annotated[Whole, Field(ge=1, le=10)] = Field(
        default=3, description="Consecutive failures before a container is unhealthy."
    )
    start_period: Annotated[int, Span(0, 300)] = Field(
        default=60, description="Time after the start in which failures do not count."
    )
    grace: Annotated[int, Span(0, INT32)] = Field(
        default=120,
        description="Time after the start in which ECS ignores the load balancer's "
        "health checks.",
    )

    url: Url | None = Field(
        default=None,
        description="URL that must respond before the service counts as ready. The "
        "controller requests it and resolves its host name.",
        examples=["http://api.hokusai-development.local:8001/ready"],
    )

    @model_validator(mode="after")
    def _command_says_how(self) -> Self:
        if self.command and self.command[0] not in ("CMD", "CMD-SHELL"):
            reject("must start with CMD or CMD-SHELL", field="command")
        if self.command is None and self.path is None:
            reject("defines no check", "add a path or a command")
        return self


class DeploymentSpec(Section):
    """Settings of rollouts and restarts."""

    minimum_healthy_percent: Annotated[Whole, Field(ge=0, le=100)] = Field(
        default=100,
        description="Percentage of tasks that stay healthy during a rollout.",
    )
    maximum_percent: Annotated[Whole, Field(ge=100, le=200)] = Field(
        default=200,
        description="Percentage of tasks that may run during a rollout.",
    )
    circuit_breaker: Flag = Field(
        default=True,
        description="If true, ECS fails a rollout whose tasks keep failing.",
    )
    rollback: Flag = Field(
        default=True,
        description="If true, ECS rolls a failed rollout back to the last revision that "
        "worked.",
    )

    progress_deadline: Annotated[int, Span(1, 86_400)] = Field(
        default=600,
        description="Time without progress after which a rollout counts as stalled.",
        examples=["10m"],
    )
    restart_interval: Annotated[int, Span(0, 86_400)] = Field(
        default=300,
        description="Minimum time from the start of a deployment to a restart for a new "
        "image, a new secret or `hokusai restart`.",
        examples=["5m"],
    )

    @model_validator(mode="after")
    def _room_to_replace(self) -> Self:
        if self.minimum_healthy_percent == self.maximum_percent:
            reject(
                "leaves no room to replace a task: minimum and maximum are 100 %",
                "raise maximum_percent, or lower minimum_healthy_percent",
            )
        return self


class ScalingSpec(Section):
    """Bounds for Application Auto Scaling of a service."""

    minimum: Annotated[Whole, Field(ge=0, le=INT32)] = Field(
        description="Minimum number of tasks.", examples=[1]
    )
    maximum: Annotated[Whole, Field(ge=0, le=INT32)] = Field(
        description="Maximum number of tasks.", examples=[4]
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.minimum > self.maximum:
            reject("is above maximum", "write a smaller number", "minimum")
        return self


class BeforeSpec(Section):
    """A one-off task that must succeed before a revision is rolled out."""

    name: Key = Field(description="Name of the step.", examples=["migrate"])
    command: tuple[str, ...] = Field(
        min_length=1,
        description="Command that runs in the container of the new revision.",
        examples=[["alembic", "upgrade", "head"]],
    )
