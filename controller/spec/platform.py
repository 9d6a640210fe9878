"""Section `platform` of the document."""

import re
from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator

from controller.core.document.fields import (
    Flag,
    Key,
    Section,
    Span,
    Text,
    Whole,
    reject,
)
from controller.core.document.mlflow import MlflowSection
from controller.core.document.placement import (
    BalancerName,
    NetworkSpec,
    RoleArn,
    RolesSpec,
)
from controller.core.document.platform import Environment, Network, Platform
from controller.core.document.resource import Mode, ResourceId
from controller.spec.common import Address
from controller.spec.freeze import FreezeSection

Name = Annotated[
    str,
    Text(
        "[a-z][a-z0-9]*(?:-[a-z0-9]+)*",
        "lower-case letters, digits and -, with a letter first",
        longest=32,
    ),
]
Account = Annotated[str, Text("[0-9]{12}", "an AWS account: 12 digits, quoted", 12)]
Region = Annotated[
    str, Text("[a-z]{2}(?:-[a-z]+)+-[0-9]", "an AWS region, as in us-east-1", 25)
]

Profile = Annotated[
    str, Text(r"[A-Za-z0-9_.@-]+", "a profile's name: letters, digits and _ . @ -", 64)
]
EndpointUrl = Annotated[
    str,
    Text(
        r"https?://[^\s/?#@]+",
        "http:// or https://, a host and optionally a port, without a path",
    ),
]
QueueUrl = Annotated[
    str,
    Text(
        r"https?://[^\s/?#@]+/[0-9]{12}/[A-Za-z0-9_-]{1,80}",
        "the URL of an SQS queue: https://, a host, an account and a name",
        longest=512,
    ),
]
# Beginning of a URL of this machine.
LOOPBACK = r"https?://(localhost|127\.[0-9.]+|\[::1\])(:[0-9]+)?(/|$)"


class ReconcileSection(Section):
    """Intervals of passes, and limits on concurrent actions."""

    interval: Annotated[int, Span(1, 86_400)] = Field(
        default=60,
        description="Time between two passes that nothing triggers earlier.",
        examples=["60s"],
    )
    intervals: dict[Key, Annotated[int, Span(1, 86_400)]] = Field(
        default_factory=dict,
        description="Intervals of kinds that need their own, by kind: time between two "
        "observations of a kind that is in sync.",
        examples=[{"endpoint": "10s", "model": "5m"}],
    )
    preflight: Annotated[int, Span(1, 86_400)] = Field(
        default=600,
        description="Time between two preflight checks of all resources; those that "
        "are about to be deployed are checked each time.",
        examples=["10m"],
    )
    max_disruptive_actions: Annotated[Whole, Field(ge=0, le=100)] = Field(
        default=2,
        description="Largest number of restarts, replacements and deletions in progress.",
    )


class EventsSection(Section):
    """Source of ECS events that trigger a pass immediately."""

    queue: QueueUrl = Field(
        description="URL of the SQS queue to which an EventBridge rule sends ECS events.",
        examples=["https://sqs.us-east-1.amazonaws.com/123456789012/hokusai-events"],
    )


class PlatformSection(Section):
    """Properties shared by all resources of the document."""

    name: Name = Field(description="Prefix of all derived names.", examples=["hokusai"])
    environment: Environment = Field(
        description="Environment of the document; ENVIRONMENT or --environment can "
        "select another one with its overlay.",
        examples=["development"],
    )
    account: Account = Field(
        description="AWS account; any other is refused before the first write.",
        examples=["123456789012"],
    )
    region: Region = Field(
        description="AWS region; by default AWS_REGION.", examples=["us-east-1"]
    )
    reconcile: ReconcileSection = Field(
        default_factory=ReconcileSection,
        description="Intervals of passes, and limits on concurrent actions.",
    )
    role: RoleArn | None = Field(
        default=None,
        description="IAM role that the controller assumes with its credentials.",
        examples=["arn:aws:iam::123456789012:role/hokusai-controller"],
    )
    profile: Profile | None = Field(
        default=None,
        description="Profile of the AWS configuration with the credentials to use.",
        examples=["hokusai-development"],
    )
    endpoint: EndpointUrl | None = Field(
        default=None,
        description="URL of AWS, instead of the region's own endpoints; by default "
        "AWS_ENDPOINT_URL.",
        examples=["http://127.0.0.1:4566"],
    )
    prune: Flag = Field(
        default=False,
        description="Delete managed resources that are no longer declared.",
    )
    mode: Mode = Field(
        default=Mode.ENFORCE,
        description="Permitted actions: report (observe), advise (suggest), act (enforce).",
    )
    freeze: tuple[FreezeSection, ...] = Field(
        default=(),
        description="Times in which no running task is stopped or replaced.",
    )
    controller: Address | None = Field(
        default=None,
        description="Service that the controller itself runs as; it is changed last "
        "and never deleted.",
        examples=["service/controller"],
    )
    network: NetworkSpec = Field(
        default_factory=NetworkSpec, description="Network of the tasks."
    )
    roles: RolesSpec = Field(
        default_factory=RolesSpec, description="IAM roles of the tasks."
    )
    load_balancer: BalancerName = Field(
        default="",
        description="Default load balancer of routes; by default {name}-{environment}.",
        examples=["hokusai-development"],
    )

    events: EventsSection | None = Field(
        default=None,
        description="Source of ECS events that trigger a pass immediately.",
    )

    mlflow: MlflowSection = Field(
        default_factory=MlflowSection, description="Use of MLflow."
    )

    @model_validator(mode="after")
    def _acts_in_its_account(self) -> Self:
        if self.role and self.role.split(":")[4] != self.account:
            reject(f"is not in account {self.account}", field="role")
        return self

    @model_validator(mode="after")
    def _stays_on_this_machine(self) -> Self:
        here = self.endpoint is None or re.match(LOOPBACK, self.endpoint)
        if self.environment == "local" and not here:
            hint = "remove it in the overlay with endpoint: null"
            reject("must be on this machine in environment local", hint, "endpoint")
        return self

    def platform(self) -> Platform:
        """Return the platform that the section describes."""
        return Platform(
            name=self.name,
            environment=self.environment,
            account=self.account,
            region=self.region,
            interval=timedelta(seconds=self.reconcile.interval),
            intervals=tuple(
                (kind, timedelta(seconds=seconds))
                for kind, seconds in sorted(self.reconcile.intervals.items())
            ),
            inspections=timedelta(seconds=self.reconcile.preflight),
            max_disruptive_actions=self.reconcile.max_disruptive_actions,
            prune=self.prune,
            network=Network(
                subnets=self.network.subnets,
                security_groups=self.network.security_groups,
                public_ip=bool(self.network.public_ip),
            ),
            execution_role=self.roles.execution,
            task_role=self.roles.task,
            role=self.role,
            profile=self.profile,
            endpoint=self.endpoint,
            freezes=tuple(entry.freeze() for entry in self.freeze),
            controller=ResourceId.parse(self.controller) if self.controller else None,
            load_balancer=self.load_balancer,
            events=self.events.queue if self.events else "",
            mlflow_prefix=self.mlflow.prefix,
            mlflow_poll=timedelta(seconds=self.mlflow.poll),
        )
