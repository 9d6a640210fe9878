"""Effects of the simulated ECS on moto's backends.

moto is imported at first use, because the import takes a second.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from controller.emulation.ecs.effects import (
    LogOptions,
    MissingError,
    MissingRegionError,
    TargetRegistration,
)
from controller.emulation.secret_references import ReferencedValue, parse_secret
from controller.emulation.targets import TargetBoard

_IN_ECR = re.compile(
    r"([0-9]{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com/([^:@]+)(?::([^@:]+))?"
)
NO_GROUP = "ResourceNotFoundException: The specified log group does not exist."


@dataclass(frozen=True, slots=True)
class MotoLocation:
    """An account and a region, with moto's backends for them."""

    account: str
    region: str

    def backend(self, service: str, region: str | None = None) -> Any:
        """Return moto's backend of a service."""
        from moto.backends import get_backend

        return get_backend(service)[self.account][region or self.region]


class MotoEffects:
    """Implementation of ``Effects`` with moto's backends."""

    def __init__(self, place: MotoLocation, targets: TargetBoard) -> None:
        self._place = place
        self._targets = targets

    def secret(self, value_from: str) -> str:
        """Return the value of a secret or parameter; raises MissingError."""
        reference = parse_secret(value_from)
        if reference.store == "ssm":
            return self._parameter(reference)
        return self._from_secrets_manager(reference)

    def _parameter(self, reference: ReferencedValue) -> str:
        found = self._place.backend("ssm").get_parameters([reference.name])
        if not found:
            msg = (
                "unable to retrieve secrets from ssm: service call has been retried "
                f"1 time(s): invalid parameters: {reference.text}"
            )
            raise MissingError(msg)
        value: str = next(iter(found.values())).response_object(
            decrypt=True, region=self._place.region
        )["Value"]
        return value

    def _from_secrets_manager(self, reference: ReferencedValue) -> str:
        from moto.core.exceptions import JsonRESTError

        backend = self._place.backend("secretsmanager")
        try:
            answer = backend.get_secret_value(
                secret_id=reference.name,
                version_id=reference.version_id or None,
                version_stage=reference.version_stage or None,
            )
        except JsonRESTError as error:
            msg = (
                "unable to retrieve secret from asm: service call has been retried "
                f"1 time(s): failed to fetch secret {reference.text} from secrets "
                f"manager: {error.error_type}: {error.message}"
            )
            raise MissingError(msg) from error
        return reference.select(answer.get("SecretString", ""))

    def open_log(self, log: LogOptions) -> None:
        """Create the stream, and the group if the definition allows it."""
        try:
            backend = self._place.backend("logs", log.region or None)
        except KeyError as error:
            raise MissingRegionError(log.region) from error
        if log.group not in backend.groups:
            if not log.create_group:
                raise MissingError(NO_GROUP)
            backend.create_log_group(log.group, tags={})
        backend.ensure_log_stream(log.group, log.stream)

    def write_log(self, log: LogOptions, at: datetime, lines: Sequence[str]) -> None:
        """Append lines unless the group or the stream was deleted."""
        backend = self._place.backend("logs", log.region or None)
        group = backend.groups.get(log.group)
        stream = group.streams.get(log.stream) if group else None
        if stream is None:
            return
        milliseconds = int(at.timestamp() * 1000)
        events = [{"timestamp": milliseconds, "message": line} for line in lines]
        stream.put_log_events(events)

    def register_instance(
        self, registry_arn: str, instance_id: str, attributes: Mapping[str, str]
    ) -> None:
        """Add an instance, or replace the one with the same id."""
        backend = self._place.backend("servicediscovery")
        service = _last_part(registry_arn)
        if service not in backend.services:
            return
        self.deregister_instance(registry_arn, instance_id)
        backend.register_instance(service, instance_id, instance_id, dict(attributes))

    def deregister_instance(self, registry_arn: str, instance_id: str) -> None:
        """Remove an instance if it exists."""
        backend = self._place.backend("servicediscovery")
        service = backend.services.get(_last_part(registry_arn))
        ids = {i.instance_id for i in service.instances} if service else set()
        if instance_id in ids:
            backend.deregister_instance(service.id, instance_id)

    def set_instance_health(
        self, registry_arn: str, instance_id: str, *, healthy: bool
    ) -> None:
        """Set the health of an instance; names resolve to healthy instances."""
        backend = self._place.backend("servicediscovery")
        service = backend.services.get(_last_part(registry_arn))
        for instance in service.instances if service else ():
            if instance.instance_id == instance_id:
                instance.health_status = "HEALTHY" if healthy else "UNHEALTHY"

    def register_target(self, target: TargetRegistration) -> None:
        """Add an address to a target group."""
        self._targets.register(target)

    def deregister_target(self, target: TargetRegistration) -> None:
        """Start to drain an address."""
        self._targets.deregister(target)

    def target_health(self, target: TargetRegistration) -> str:
        """Return the result of the target's last probe."""
        return self._targets.health(target).state

    def deregistration_delay(self, target_group_arn: str) -> timedelta:
        """Return the deregistration delay of the target group."""
        return self._targets.delay(target_group_arn)

    def subnet(self, subnet_id: str) -> tuple[str, str] | None:
        """Return the network and zone of a subnet, or None."""
        for subnets in self._place.backend("ec2").subnets.values():
            if found := subnets.get(subnet_id):
                return found.cidr_block, found.availability_zone
        return None

    def check_network(self, subnets: Sequence[str], groups: Sequence[str]) -> None:
        """Check that subnets and security groups exist; raises MissingError."""
        for subnet in subnets:
            if self.subnet(subnet) is None:
                msg = (
                    f"Error retrieving subnet information for [{subnet}]: The subnet "
                    f"ID '{subnet}' does not exist (ErrorCode: InvalidSubnetID.NotFound)"
                )
                raise MissingError(msg)
        known = {
            group_id
            for by_vpc in self._place.backend("ec2").groups.values()
            for group_id in by_vpc
        }
        for group in groups:
            if group not in known:
                msg = (
                    f"Error retrieving security group information for [{group}]: The "
                    f"security group '{group}' does not exist "
                    "(ErrorCode: InvalidGroup.NotFound)"
                )
                raise MissingError(msg)

    def check_target_group(self, arn: str) -> None:
        """Check that a target group exists and a listener uses it.

        Raises:
            MissingError: There is no such target group, or no listener forwards to it.
        """
        backend = self._place.backend("elbv2")
        if arn not in backend.target_groups:
            msg = f"The specified target group does not exist: {arn}"
            raise MissingError(msg)
        if arn not in forwarded_to(backend):
            # AWS's message, as reported in cloudposse/terraform-aws-ecs-web-app#226.
            msg = (
                f"The target group with targetGroupArn {arn} does not have an "
                "associated load balancer."
            )
            raise MissingError(msg)

    def check_registry(self, arn: str) -> None:
        """Check that a Cloud Map service exists; raises MissingError."""
        if _last_part(arn) not in self._place.backend("servicediscovery").services:
            msg = f"The specified service registry does not exist: {arn}"
            raise MissingError(msg)

    def image_digest(self, image: str) -> str:
        """Return the digest of a tag in the emulated ECR, or ""."""
        found = _IN_ECR.fullmatch(image)
        if found is None:
            return ""
        account, region, name, tag = found.groups()
        from moto.backends import get_backend

        try:
            registry = get_backend("ecr")[account][region]
        except KeyError:
            # There is no such region.
            return ""
        repository = registry.repositories.get(name)
        for pushed in repository.images if repository else ():
            if (tag or "latest") in pushed.image_tags:
                return str(pushed.get_image_digest())
        return ""

    def publish(
        self, detail_type: str, resources: Sequence[str], detail: Mapping[str, Any]
    ) -> None:
        """Put an event on the default bus."""
        event = {
            "Source": "aws.ecs",
            "DetailType": detail_type,
            "Resources": list(resources),
            "Detail": json.dumps(detail),
        }
        self._place.backend("events").put_events([event])


def forwarded_to(elbv2: Any) -> set[str]:
    """Return the target groups that a rule or a default action forwards to."""
    return {
        arn
        for balancer in elbv2.load_balancers.values()
        for listener in balancer.listeners.values()
        for rule in listener.rules.values()
        for action in rule.actions
        for arn in groups_of(action.data)
    }


def groups_of(action: Mapping[str, Any]) -> Sequence[str]:
    """Return the target groups of one of moto's actions."""
    if action.get("TargetGroupArn"):
        return [action["TargetGroupArn"]]
    groups = action.get("ForwardConfig", {}).get("TargetGroups", ())
    return [group["TargetGroupArn"] for group in groups]


def _last_part(arn: str) -> str:
    return arn.rpartition("/")[2]
