"""Platform of a document, and the names derived from it."""

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
    """Default network of the tasks."""

    subnets: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()
    public_ip: bool = False


@dataclass(frozen=True, slots=True)
class Platform:
    """Properties shared by all resources of a document.

    Attributes:
        name: Name of the platform, as in ``hokusai``.
        environment: Environment of the document.
        account: AWS account, twelve digits; checked before the first call.
        region: AWS region.
        interval: Time between two passes that nothing triggers earlier.
        intervals: Intervals of kinds that have their own.
        inspections: Time between two preflight checks of all resources.
        max_disruptive_actions: Largest number of disruptive actions in progress.
        prune: True if resources that are no longer declared may be deleted.
        network: Default subnets and security groups of services.
        execution_role: Default role that pulls images and reads secrets.
        task_role: Default role of the containers.
        role: Role that the controller assumes; None to use the credentials directly.
        profile: Profile of the AWS configuration with the credentials.
        endpoint: URL of AWS, instead of the region's own endpoints.
        freezes: Times without disruptive actions.
        controller: Service that the controller itself runs as; it is changed last.
        load_balancer: Default load balancer of routes; "" for ``balancer``.
        events: URL of the queue with ECS events; "" for none.
        mlflow_prefix: Static prefix of the MLflow server; "" for none.
        mlflow_poll: Time between two polls of recent registrations.
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
    mlflow_prefix: str = ""
    mlflow_poll: timedelta = timedelta(seconds=10)

    @property
    def balancer(self) -> str:
        """Default load balancer of routes."""
        return self.load_balancer or f"{self.name}-{self.environment}"

    @property
    def cluster(self) -> str:
        """ECS cluster of every service."""
        return f"{self.name}-{self.environment}"

    @property
    def namespace(self) -> str:
        """Private DNS namespace of service discovery."""
        return f"{self.name}-{self.environment}.local"

    @property
    def owner(self) -> str:
        """Value of the ownership tag of managed resources."""
        return f"{self.name}/{self.environment}"

    def service_name(self, key: str) -> str:
        """Return the ECS name of the service declared as ``key``."""
        return f"{self.name}-{key}-{self.environment}"
