"""The platform a document describes, and the names that follow from its own."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from controller.core.document.freeze import Freeze
from controller.core.document.resource import ResourceId

Environment = Literal["local", "development", "staging", "production"]
ENVIRONMENTS: tuple[Environment, ...] = (
    "local",
    "development",
    "staging",
    "production",
)


@dataclass(frozen=True, slots=True)
class Network:
    """Where tasks are placed, unless a service says otherwise."""

    subnets: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()
    public_ip: bool = False


@dataclass(frozen=True, slots=True)
class Platform:
    """What all resources of a document share.

    Attributes:
        name: Of the platform, as in ``hokusai``.
        environment: Which of the four this document describes.
        account: The AWS account, twelve digits; checked before the first call.
        region: The AWS region.
        interval: Time between two passes when nothing asks for one sooner.
        intervals: The same for kinds that have one of their own.
        inspections: Time between two looks at what all resources rest on.
        max_disruptive_actions: How many may be under way at once.
        prune: Whether what is no longer declared may be deleted.
        network: Default subnets and security groups of services.
        execution_role: Default role that pulls images and reads secrets.
        task_role: Default role that the containers act as.
        role: The role that we act as; None for whoever the credentials are.
        profile: Of the AWS configuration, where the credentials are found.
        endpoint: Where AWS is asked, instead of the region's own addresses.
        freezes: Times in which nothing disruptive is done.
        controller: The service that we run as; it is changed last.
        load_balancer: Of routes that name none; "" for the one that ``balancer`` says.
        events: The URL of the queue with ECS's events; "" for none.
    """

    name: str
    environment: Environment
    account: str
    region: str
    interval: timedelta = timedelta(seconds=60)
    max_disruptive_actions: int = 2
    prune: bool = False
    network: Network = field(default_factory=Network)
    execution_role: str | None = None
    task_role: str | None = None
    role: str | None = None
    profile: str | None = None
    endpoint: str | None = None
    intervals: tuple[tuple[str, timedelta], ...] = ()
    freezes: tuple[Freeze, ...] = ()
    controller: ResourceId | None = None
    load_balancer: str = ""
    events: str = ""
    inspections: timedelta = timedelta(minutes=10)

    @property
    def balancer(self) -> str:
        """The load balancer of routes that name none."""
        return self.load_balancer or f"{self.name}-{self.environment}"

    @property
    def cluster(self) -> str:
        """The ECS cluster of every service."""
        return f"{self.name}-{self.environment}"

    @property
    def namespace(self) -> str:
        """The private DNS namespace of service discovery."""
        return f"{self.name}-{self.environment}.local"

    @property
    def owner(self) -> str:
        """The value of the ownership tag on all that is ours."""
        return f"{self.name}/{self.environment}"

    def service_name(self, key: str) -> str:
        """Return the ECS name of the service declared as ``key``."""
        return f"{self.name}-{key}-{self.environment}"
