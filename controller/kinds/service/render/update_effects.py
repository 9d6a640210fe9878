"""Each field of a service, and what a change of it does.

From Amazon ECS's API reference: UpdateService says of each of its fields whether it
"triggers a new service deployment", and CreateService has some that UpdateService
lacks. Those are there for as long as the service is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from controller.core.resources.plan import Change, Effect

PREFIX = "service."


@dataclass(frozen=True, slots=True)
class Field:
    """What changing a field of a service does.

    Attributes:
        effect: To the tasks that run.
        removed: What an update sends to have nothing of it; null keeps what was.
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
    # The scheduler's own matters, at once.
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
# TagResource changes tags, and no update does.
BY_ANOTHER_CALL = frozenset({"tags"})


def field_of(path: str) -> str:
    """Return the field of a service that a change at ``service.…`` is in."""
    return path.removeprefix(PREFIX).partition(".")[0].partition("[")[0]


def changed_fields(changes: Iterable[Change]) -> frozenset[str]:
    """Return which fields an update must send to settle ``changes``."""
    found = {field_of(c.path) for c in changes if c.path.startswith(PREFIX)}
    return frozenset(
        name
        for name in found - BY_ANOTHER_CALL
        if FIELDS[name].effect is not Effect.REPLACE
    )


def immutable_paths() -> frozenset[str]:
    """Return the paths of what no update can change."""
    return frozenset(
        PREFIX + name for name, f in FIELDS.items() if f.effect is Effect.REPLACE
    )
