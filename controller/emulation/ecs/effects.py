"""What the simulator does to the rest of the emulated AWS.

ECS resolves secrets, writes logs, registers tasks with Cloud Map and with load
balancers and tells EventBridge. The simulator only says so; an implementation
makes it come true.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol


class MissingError(Exception):
    """Something a task refers to is not there; the message says what and why."""


@dataclass(frozen=True, slots=True)
class LogOptions:
    """Where a container's output goes (the ``awslogs`` log driver)."""

    group: str
    stream: str
    region: str
    create_group: bool


@dataclass(frozen=True, slots=True)
class TargetRegistration:
    """An address behind a load balancer."""

    target_group_arn: str
    address: str
    port: int


class Effects(Protocol):
    """The services ECS talks to. Registering twice is the same as once."""

    def secret(self, value_from: str) -> str:
        """Return a secret's value; raises MissingError naming the ARN."""
        ...

    def open_log(self, log: LogOptions) -> None:
        """Make sure that the stream exists; raises MissingError."""
        ...

    def write_log(self, log: LogOptions, at: datetime, lines: Sequence[str]) -> None:
        """Append lines to a stream that was opened."""
        ...

    def register_instance(
        self, registry_arn: str, instance_id: str, attributes: Mapping[str, str]
    ) -> None:
        """Add an instance to a Cloud Map service."""
        ...

    def deregister_instance(self, registry_arn: str, instance_id: str) -> None:
        """Take an instance out of a Cloud Map service."""
        ...

    def set_instance_health(
        self, registry_arn: str, instance_id: str, *, healthy: bool
    ) -> None:
        """Tell Cloud Map how an instance's container health checks see it."""
        ...

    def register_target(self, target: TargetRegistration) -> None:
        """Add an address to a target group."""
        ...

    def deregister_target(self, target: TargetRegistration) -> None:
        """Begin to drain an address out of a target group."""
        ...

    def target_health(self, target: TargetRegistration) -> str:
        """Return ``initial``, ``healthy``, ``unhealthy``, ``draining`` or ``unused``."""
        ...

    def deregistration_delay(self, target_group_arn: str) -> timedelta:
        """Return how long a target group drains."""
        ...

    def subnet(self, subnet_id: str) -> tuple[str, str] | None:
        """Return a subnet's CIDR block and availability zone, if it is known."""
        ...

    def check_network(self, subnets: Sequence[str], groups: Sequence[str]) -> None:
        """Find the subnets and security groups; raises MissingError."""
        ...

    def check_target_group(self, arn: str) -> None:
        """Find a target group; raises MissingError."""
        ...

    def check_registry(self, arn: str) -> None:
        """Find a Cloud Map service; raises MissingError."""
        ...

    def image_digest(self, image: str) -> str:
        """Return what an image's tag stands for; empty if no registry knows it."""
        ...

    def publish(
        self, detail_type: str, resources: Sequence[str], detail: Mapping[str, Any]
    ) -> None:
        """Put an event of source ``aws.ecs`` on the default event bus."""
        ...


class NoEffects:
    """An ECS alone in the world: secrets are empty, targets healthy at once."""

    def secret(self, value_from: str) -> str:
        """Return a value derived from the reference."""
        return f"value-of-{value_from}"

    def open_log(self, log: LogOptions) -> None:
        """Accept any stream."""

    def write_log(self, log: LogOptions, at: datetime, lines: Sequence[str]) -> None:
        """Drop the lines."""

    def register_instance(
        self, registry_arn: str, instance_id: str, attributes: Mapping[str, str]
    ) -> None:
        """Tell nobody."""

    def deregister_instance(self, registry_arn: str, instance_id: str) -> None:
        """Tell nobody."""

    def set_instance_health(
        self, registry_arn: str, instance_id: str, *, healthy: bool
    ) -> None:
        """Tell nobody."""

    def register_target(self, target: TargetRegistration) -> None:
        """Tell nobody."""

    def deregister_target(self, target: TargetRegistration) -> None:
        """Tell nobody."""

    def target_health(self, target: TargetRegistration) -> str:
        """Find every target healthy."""
        return "healthy" if target.address else "unused"

    def deregistration_delay(self, target_group_arn: str) -> timedelta:
        """Drain at once."""
        del target_group_arn
        return timedelta(0)

    def subnet(self, subnet_id: str) -> tuple[str, str] | None:
        """Know no subnet."""
        del subnet_id
        return None

    def check_network(self, subnets: Sequence[str], groups: Sequence[str]) -> None:
        """Find any network."""

    def check_target_group(self, arn: str) -> None:
        """Find any target group."""

    def check_registry(self, arn: str) -> None:
        """Find any registry."""

    def image_digest(self, image: str) -> str:
        """Know no registry."""
        del image
        return ""

    def publish(
        self, detail_type: str, resources: Sequence[str], detail: Mapping[str, Any]
    ) -> None:
        """Tell nobody."""
