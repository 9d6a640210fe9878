"""The parts of a service's declaration that have fields of their own."""

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
        "HTTP statuses, as in 200 or 200-204,302",
    ),
]
Url = Annotated[
    str, Text(r"https?://[^\s/?#@]+(/\S*)?", "an address that starts with http(s)://")
]


class HealthSpec(Section):
    """How to see that a container works."""

    path: RoutePath | None = Field(
        default=None,
        description="The path asked for on the service's port.",
        examples=["/health"],
    )
    command: tuple[str, ...] | None = Field(
        default=None,
        min_length=2,
        description="The container's own check, as ECS wants it: CMD or CMD-SHELL "
        "first. Made from the path, unless given.",
        examples=[["CMD-SHELL", "curl -f http://localhost:5000/health || exit 1"]],
    )
    matcher: Matcher = Field(
        default="200",
        description="The statuses that mean healthy, to load balancers.",
        examples=["200-204"],
    )
    interval: Annotated[int, Span(1, 300)] = Field(
        default=30, description="Time between two checks; 5 s at least on AWS."
    )
    timeout: Annotated[int, Span(1, 60)] = Field(
        default=5, description="Time a check may take; 2 s at least on AWS."
    )
    retries: Annotated[Whole, Field(ge=1, le=10)] = Field(
        default=3, description="Failures in a row until the container is unhealthy."
    )
    start_period: Annotated[int, Span(0, 300)] = Field(
        default=60, description="Time after the start in which failures do not count."
    )
    grace: Annotated[int, Span(0, INT32)] = Field(
        default=120,
        description="Time after the start in which the load balancer's verdict does "
        "not count.",
    )

    url: Url | None = Field(
        default=None,
        description="An address that must answer before the service counts as ready; "
        "asked from where the controller runs, and followed by name.",
        examples=["http://api.hokusai-development.local:8001/ready"],
    )

    @model_validator(mode="after")
    def _command_says_how(self) -> Self:
        if self.command and self.command[0] not in ("CMD", "CMD-SHELL"):
            reject("must start with CMD or CMD-SHELL", field="command")
        if self.command is None and self.path is None:
            reject("checks nothing", "add a path or a command")
        return self


class DeploymentSpec(Section):
    """How tasks are replaced."""

    minimum_healthy_percent: Annotated[Whole, Field(ge=0, le=100)] = Field(
        default=100, description="Tasks that must stay healthy meanwhile."
    )
    maximum_percent: Annotated[Whole, Field(ge=100, le=200)] = Field(
        default=200, description="Tasks that may run meanwhile."
    )
    circuit_breaker: Flag = Field(
        default=True, description="Whether ECS gives up when tasks keep failing."
    )
    rollback: Flag = Field(
        default=True, description="Whether ECS then returns to what worked."
    )

    progress_deadline: Annotated[int, Span(1, 86_400)] = Field(
        default=600,
        description="Without progress for so long, a rollout counts as stalled.",
        examples=["10m"],
    )
    restart_interval: Annotated[int, Span(0, 86_400)] = Field(
        default=300,
        description="How long after a deployment began the tasks are not restarted "
        "for a new image, a new secret or `hokusai restart`.",
        examples=["5m"],
    )

    @model_validator(mode="after")
    def _room_to_replace(self) -> Self:
        if self.minimum_healthy_percent == self.maximum_percent:
            reject(
                "leaves no room to replace a task: at least and at most 100 %",
                "raise maximum_percent, or lower minimum_healthy_percent",
            )
        return self


class ScalingSpec(Section):
    """Between which numbers of tasks Application Auto Scaling may choose."""

    minimum: Annotated[Whole, Field(ge=0, le=INT32)] = Field(
        description="Never fewer tasks than these.", examples=[1]
    )
    maximum: Annotated[Whole, Field(ge=0, le=INT32)] = Field(
        description="Never more tasks than these.", examples=[4]
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.minimum > self.maximum:
            reject("is above maximum", "write a smaller one", "minimum")
        return self


class BeforeSpec(Section):
    """A one-off task that must succeed before a revision is rolled out."""

    name: Key = Field(description="What it is called.", examples=["migrate"])
    command: tuple[str, ...] = Field(
        min_length=1,
        description="What is run, in the container of the new revision.",
        examples=[["alembic", "upgrade", "head"]],
    )
