"""Fields whose meaning depends on another field of the same structure.

The options of one log driver mean nothing to another, and ECS or the driver refuses
them. So a structure that overrides the deciding field overrides these fields as a whole.
"""

from collections.abc import Mapping
from typing import Any

# The deciding field and the fields that depend on it, by the name of the structure. ECS
# API reference: LogConfiguration, FirelensConfiguration, DockerVolumeConfiguration,
# ProxyConfiguration and DeploymentConfiguration.
DEPENDENT_FIELDS: Mapping[str, tuple[str, frozenset[str]]] = {
    "logConfiguration": ("logDriver", frozenset({"options", "secretOptions"})),
    "firelensConfiguration": ("type", frozenset({"options"})),
    "dockerVolumeConfiguration": ("driver", frozenset({"driverOpts"})),
    "proxyConfiguration": ("type", frozenset({"properties"})),
    "deploymentConfiguration": (
        "strategy",
        frozenset({"canaryConfiguration", "linearConfiguration"}),
    ),
}


def overridden_fields(
    structure: str, base: Mapping[str, Any], over: Mapping[str, Any]
) -> frozenset[str]:
    """Return the fields of ``base`` that lose their meaning under ``over``.

    Args:
        structure: Name of the field that contains the structure.
        base: Structure that is overridden.
        over: Structure that overrides ``base``.
    """
    deciding, dependent = DEPENDENT_FIELDS.get(structure, ("", frozenset[str]()))
    if deciding not in over or over[deciding] == base.get(deciding):
        return frozenset()
    return dependent
