"""Fields of a service and the effect of changing each of them.

From the Amazon ECS API reference: UpdateService documents which of its fields "triggers
a new service deployment". CreateService has fields that UpdateService lacks, so changing
them needs a new service.
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
    """

    effect: Effect
    removed: Any = None


FIELDS: Mapping[str, Field] = {
    # A new deployment of the same task definition.
    "networkConfiguration": Field(Effect.RESTART),
    "platformVersion": Field(Effect.RESTART, "LATEST"),
    "loadBalancers": Field(Effect.RESTART, []),
    "serviceRegistries": Field(Effect.RESTART, []),
    "serviceConnectConfiguration": Field(Effect.RESTART, {"enabled": False}),
    "volumeConfigurations": Field(Effect.RESTART, []),
    "vpcLatticeConfigurations": Field(Effect.RESTART, []),
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
    "capacityProviderStrategy": Field(Effect.LATER, []),
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


def immutable_paths() -> frozenset[str]:
    """Return the paths that UpdateService cannot change."""
    return frozenset(
        PREFIX + name for name, f in FIELDS.items() if f.effect is Effect.REPLACE
    )
