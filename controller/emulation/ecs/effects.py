"""Effects of ECS on other AWS services.

ECS resolves secrets, writes logs, registers tasks with Cloud Map and load balancers,
and sends events to EventBridge. The simulator calls this interface; an implementation
carries the effects out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol


class MissingError(Exception):
    """A task refers to an object that does not exist; the message names it."""


class MissingRegionError(MissingError):
    """A task refers to a region that does not exist; the message is its name."""


@dataclass(frozen=True, slots=True)
class LogOptions:
    """Log stream of a container (``awslogs`` log driver)."""

    group: str
    stream: str
    region: str
    create_group: bool


@dataclass(frozen=True, slots=True)
class TargetRegistration:
    """An address in a target group."""

    target_group_arn: str
    address: str
    port: int


class Effects(Protocol):
    """Services that ECS calls. Registrations are idempotent."""

    def secret(self, value_from: str) -> str:
        """Return the value of a secret; raises MissingError, which names the ARN."""
        ...

    def open_log(self, log: LogOptions) -> None:
        """Create the stream unless it exists.

        Raises:
            MissingRegionError: There is no such region.
            MissingError: There is no such log group.
        """
        ...

    def write_log(self, log: LogOptions, at: datetime, lines: Sequence[str]) -> None:
        """Append lines to an open stream."""
        ...

    def register_instance(
        self, registry_arn: str, instance_id: str, attributes: Mapping[str, str]
    ) -> None:
        """Add an instance to a Cloud Map service."""
        ...

    def deregister_instance(self, registry_arn: str, instance_id: str) -> None:
        """Remove an instance from a Cloud Map service."""
        ...

    def set_instance_health(
        self, registry_arn: str, instance_id: str, *, healthy: bool
    ) -> None:
        """Report the result of an instance's container health checks to Cloud Map."""
        ...

    def register_target(self, target: TargetRegistration) -> None:
        """Add an address to a target group."""
        ...

    def deregister_target(self, target: TargetRegistration) -> None:
        """Start to drain an address of a target group."""
        ...

    def target_health(self, target: TargetRegistration) -> str:
        """Return ``initial``, ``healthy``, ``unhealthy``, ``draining`` or ``unused``."""
        ...

    def deregistration_delay(self, target_group_arn: str) -> timedelta:
        """Return the deregistration delay of a target group."""
        ...

    def subnet(self, subnet_id: str) -> tuple[str, str] | None:
        """Return the CIDR block and availability zone of a subnet, or None."""
        ...

    def check_network(self, subnets: Sequence[str], groups: Sequence[str]) -> None:
        """Check that subnets and security groups exist; raises MissingError."""
        ...

    def check_target_group(self, arn: str) -> None:
        """Check that a target group exists; raises MissingError."""
        ...

    def check_registry(self, arn: str) -> None:
        """Check that a Cloud Map service exists; raises MissingError."""
        ...

    def image_digest(self, image: str) -> str:
        """Return the digest of an image's tag, or "" if no registry has it."""
        ...

    def publish(
        self, detail_type: str, resources: Sequence[str], detail: Mapping[str, Any]
    ) -> None:
        """Put an event of source ``aws.ecs`` on the default event bus."""
        ...


class NoEffects:
    """Effects without other services: every object exists, targets are healthy."""

    def secret(self, value_from: str) -> str:
        """Return a value derived from the reference."""
        return f"value-of-{value_from}"

    def open_log(self, log: LogOptions) -> None:
        """Accept any stream."""

    def write_log(self, log: LogOptions, at: datetime, lines: Sequence[str]) -> None:
        """Discard the lines."""

    def register_instance(
        self, registry_arn: str, instance_id: str, attributes: Mapping[str, str]
    ) -> None:
        """Do nothing."""

    def deregister_instance(self, registry_arn: str, instance_id: str) -> None:
        """Do nothing."""

    def set_instance_health(
        self, registry_arn: str, instance_id: str, *, healthy: bool
    ) -> None:
        """Do nothing."""

    def register_target(self, target: TargetRegistration) -> None:
        """Do nothing."""

    def deregister_target(self, target: TargetRegistration) -> None:
        """Do nothing."""

    def target_health(self, target: TargetRegistration) -> str:
        """Return ``healthy`` for every address."""
        return "healthy" if target.address else "unused"

    def deregistration_delay(self, target_group_arn: str) -> timedelta:
        """Return zero."""
        del target_group_arn
        return timedelta(0)

    def subnet(self, subnet_id: str) -> tuple[str, str] | None:
        """Return None."""
        del subnet_id
        return None

    def check_network(self, subnets: Sequence[str], groups: Sequence[str]) -> None:
        """Accept any network."""

    def check_target_group(self, arn: str) -> None:
        """Accept any target group."""

    def check_registry(self, arn: str) -> None:
        """Accept any registry."""

    def image_digest(self, image: str) -> str:
        """Return ""."""
        del image
        return ""

    def publish(
        self, detail_type: str, resources: Sequence[str], detail: Mapping[str, Any]
    ) -> None:
        """Do nothing."""
