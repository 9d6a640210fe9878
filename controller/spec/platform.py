"""The section that says which platform a document describes."""

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
        "http:// or https://, a host and perhaps a port, and nothing more",
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
_LOOPBACK = r"https?://(localhost|127\.[0-9.]+|\[::1\])(:[0-9]+)?$"


class ReconcileSection(Section):
    """How often we look, and how much we change at once."""

    interval: Annotated[int, Span(1, 86_400)] = Field(
        default=60,
        description="Time between two passes when nothing asks for one sooner.",
        examples=["60s"],
    )
    intervals: dict[Key, Annotated[int, Span(1, 86_400)]] = Field(
        default_factory=dict,
        description="The same for kinds that need another, by kind: how long what was "
        "seen of them will do, if all was well.",
        examples=[{"endpoint": "10s", "model": "5m"}],
    )
    preflight: Annotated[int, Span(1, 86_400)] = Field(
        default=600,
        description="Time between two looks at what all resources rest on; what is "
        "about to be deployed is looked at each time.",
        examples=["10m"],
    )
    max_disruptive_actions: Annotated[Whole, Field(ge=0, le=100)] = Field(
        default=2, description="How many restarts, replacements and deletions at once."
    )


class EventsSection(Section):
    """Where news of ECS come from, so that a pass need not wait for its turn."""

    queue: QueueUrl = Field(
        description="The SQS queue that a rule of EventBridge sends ECS's events to.",
        examples=["https://sqs.us-east-1.amazonaws.com/123456789012/hokusai-events"],
    )


class PlatformSection(Section):
    """What all resources of the document share."""

    name: Name = Field(
        description="The name that all others start with.", examples=["hokusai"]
    )
    environment: Environment = Field(
        description="Which environment this is; ENVIRONMENT, or --environment, may "
        "choose another and its overlay.",
        examples=["development"],
    )
    account: Account = Field(
        description="The AWS account; another is refused before the first write.",
        examples=["123456789012"],
    )
    region: Region = Field(
        description="The AWS region; AWS_REGION, unless given.", examples=["us-east-1"]
    )
    reconcile: ReconcileSection = Field(
        default_factory=ReconcileSection,
        description="How often we look, and how much we change at once.",
    )
    role: RoleArn | None = Field(
        default=None,
        description="The IAM role that we act as; assumed with the credentials found.",
        examples=["arn:aws:iam::123456789012:role/hokusai-controller"],
    )
    profile: Profile | None = Field(
        default=None,
        description="The profile of the AWS configuration whose credentials we use.",
        examples=["hokusai-development"],
    )
    endpoint: EndpointUrl | None = Field(
        default=None,
        description="Where AWS is asked, instead of the region's own addresses; "
        "AWS_ENDPOINT_URL, unless given.",
        examples=["http://127.0.0.1:4566"],
    )
    prune: Flag = Field(
        default=False,
        description="Whether what is ours and no longer declared may be deleted.",
    )
    mode: Mode = Field(
        default=Mode.ENFORCE,
        description="How far we go: report (observe), advise (suggest), act (enforce).",
    )
    freeze: tuple[FreezeSection, ...] = Field(
        default=(),
        description="Times in which nothing that runs is stopped or replaced.",
    )
    controller: Address | None = Field(
        default=None,
        description="The service that the controller itself runs as; it is changed "
        "last, and never removed.",
        examples=["service/controller"],
    )
    network: NetworkSpec = Field(
        default_factory=NetworkSpec, description="Where tasks are placed."
    )
    roles: RolesSpec = Field(
        default_factory=RolesSpec, description="The IAM roles of tasks."
    )
    load_balancer: BalancerName = Field(
        default="",
        description="The load balancer of routes that name none; "
        "{name}-{environment}, unless given.",
        examples=["hokusai-development"],
    )

    events: EventsSection | None = Field(
        default=None, description="Where news of ECS come from, for a pass at once."
    )

    @model_validator(mode="after")
    def _acts_in_its_account(self) -> Self:
        if self.role and self.role.split(":")[4] != self.account:
            reject(f"is not in account {self.account}", field="role")
        return self

    @model_validator(mode="after")
    def _stays_on_this_machine(self) -> Self:
        here = self.endpoint is None or re.match(_LOOPBACK, self.endpoint)
        if self.environment == "local" and not here:
            hint = "remove it in the overlay, with endpoint: null"
            reject("must be on this machine in local", hint, "endpoint")
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
        )
