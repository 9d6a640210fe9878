"""Fields of a service and the effect of changing each of them.

From the Amazon ECS API reference: UpdateService documents which of its fields "triggers
a new service deployment". CreateService has fields that UpdateService lacks, so changing
them needs a new service. A change of the capacity provider strategy must force a new
deployment.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from controller.core.resources.plan import Change, Effect

PREFIX = "service."


@dataclass(frozen=True, slots=True)
class Field:
    """Properties of a field for updates.

    Attributes:
        effect: Effect of a change on the running tasks.
        removed: Value that removes the field in UpdateService, where null keeps it; None
            if the field cannot be removed.
        forced: True if UpdateService accepts a change only with ``forceNewDeployment``.
    """

    effect: Effect
    removed: Any = None
    forced: bool = False


FIELDS: Mapping[str, Field] = {
    # A new deployment of the same task definition.
    "networkConfiguration": Field(Effect.RESTART),
    "platformVersion": Field(Effect.RESTART, "LATEST"),
    "loadBalancers": Field(Effect.RESTART, []),
    "serviceRegistries": Field(Effect.RESTART, []),
    "serviceConnectConfiguration": Field(Effect.RESTART, {"enabled": False}),
    "volumeConfigurations": Field(Effect.RESTART, []),
    "vpcLatticeConfigurations": Field(Effect.RESTART, []),
    # A new deployment, but only with forceNewDeployment. UpdateService refuses other
    # requests: "When switching from launch type to capacity provider strategy on an
    # existing service, or making a change to a capacity provider strategy on a service
    # that is already using one, you must force a new deployment."
    "capacityProviderStrategy": Field(Effect.RESTART, [], forced=True),
    # Applied at once, without a new deployment.
    "desiredCount": Field(Effect.IN_PLACE),
    "deploymentConfiguration": Field(Effect.IN_PLACE),
    "deploymentController": Field(Effect.IN_PLACE, {"type": "ECS"}),
    "availabilityZoneRebalancing": Field(Effect.IN_PLACE),
    "healthCheckGracePeriodSeconds": Field(Effect.IN_PLACE, 0),
    "gatewayConnectors": Field(Effect.IN_PLACE, []),
    "monitoring": Field(Effect.IN_PLACE),
    "tags": Field(Effect.IN_PLACE),
    # For tasks that start afterwards.
    "placementConstraints": Field(Effect.LATER, []),
    "placementStrategy": Field(Effect.LATER, []),
    "enableExecuteCommand": Field(Effect.LATER, False),
    "enableECSManagedTags": Field(Effect.LATER, False),
    "propagateTags": Field(Effect.LATER, "NONE"),
    # Only CreateService takes these.
    "launchType": Field(Effect.REPLACE),
    "schedulingStrategy": Field(Effect.REPLACE),
    "role": Field(Effect.REPLACE),
}
# Changed by TagResource, not by UpdateService.
SEPARATE_CALLS = frozenset({"tags"})


def field_of(path: str) -> str:
    """Return the top-level field of a path such as ``service.tags.team``."""
    return path.removeprefix(PREFIX).partition(".")[0].partition("[")[0]


def changed_fields(changes: Iterable[Change]) -> frozenset[str]:
    """Return the fields that UpdateService must send for ``changes``."""
    found = {field_of(c.path) for c in changes if c.path.startswith(PREFIX)}
    return frozenset(
        name
        for name in found - SEPARATE_CALLS
        if FIELDS[name].effect is not Effect.REPLACE
    )


def forced_fields() -> frozenset[str]:
    """Return the fields of which UpdateService accepts a change only if it is forced."""
    return frozenset(name for name, field in FIELDS.items() if field.forced)


def need_forced_deployment(changes: Iterable[Change]) -> bool:
    """Return True if UpdateService refuses ``changes`` without a forced deployment."""
    return bool(changed_fields(changes) & forced_fields())


def immutable_paths() -> frozenset[str]:
    """Return the paths that UpdateService cannot change."""
    return frozenset(
        PREFIX + name for name, f in FIELDS.items() if f.effect is Effect.REPLACE
    )
