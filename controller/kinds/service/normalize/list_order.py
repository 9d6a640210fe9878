"""Rules for the order of lists (R31 to R34).

They come first: entries keyed by name have readable paths, which stay the same while
the other rules are applied.
"""

from typing import Any

from controller.core.values.paths import Plain, key_by, places, sort_at
from controller.kinds.service.normalize.containers import CONTAINERS

_BY_NAME = (
    "environment",
    "secrets",
    "ulimits",
    "portMappings",
    "volumesFrom",
    "mountPoints",
    "systemControls",
    "extraHosts",
    "dependsOn",
    "resourceRequirements",
)


def r31_shuffled(definition: Plain) -> None:
    """ECS returns containers, variables, secrets, limits and ports in any order.

    Recorded: six variables, three containers and two volumesFrom were returned in
    another order than registered.
    """
    key_by(definition, "", "containerDefinitions", _name)
    key_by(definition, CONTAINERS, "environment", _name, _value)
    key_by(definition, CONTAINERS, "secrets", _name, lambda s: s.get("valueFrom"))
    key_by(definition, CONTAINERS, "ulimits", _name, _nameless)
    key_by(definition, CONTAINERS, "portMappings", _port)
    key_by(definition, CONTAINERS, "volumesFrom", lambda v: str(v["sourceContainer"]))
    sort_at(definition, CONTAINERS, "links")
    sort_at(definition, "", "requiresCompatibilities")


def r32_names_once(definition: Plain) -> None:
    """A list with duplicate names stays a list, and is sorted.

    It comes last, after the entries are normalized. RegisterTaskDefinition refuses
    duplicates (API reference), and so does the document.
    """
    sort_at(definition, CONTAINERS, *_BY_NAME)


def r33_sets(definition: Plain) -> None:
    """Mounts, volumes, kernel settings, hosts and constraints are sets.

    Their order means nothing to ECS. Environment files keep their order: a later one
    wins (API reference, EnvironmentFile).
    """
    key_by(definition, "", "volumes", _name)
    key_by(definition, CONTAINERS, "mountPoints", lambda m: str(m["containerPath"]))
    key_by(definition, CONTAINERS, "systemControls", lambda s: str(s["namespace"]))
    key_by(definition, CONTAINERS, "extraHosts", lambda h: str(h["hostname"]))
    key_by(
        definition,
        "proxyConfiguration",
        "properties",
        _name,
        _value,
    )
    key_by(definition, "", "inferenceAccelerators", lambda a: str(a["deviceName"]))
    sort_at(definition, "", "placementConstraints")


def r34_order_that_counts(definition: Plain) -> None:
    """Commands and name servers keep their order; dependencies are a set.

    Docker runs a command as written and queries name servers in order. A container
    waits for all of its dependencies (API reference, ContainerDependency); the order of
    capabilities and devices means nothing.
    """
    key_by(definition, CONTAINERS, "dependsOn", lambda d: str(d["containerName"]))
    linux = f"{CONTAINERS}.linuxParameters"
    key_by(definition, linux, "devices", lambda d: str(d["hostPath"]))
    key_by(definition, linux, "tmpfs", lambda t: str(t["containerPath"]))
    for tmpfs in places(definition, f"{linux}.tmpfs.*"):
        sort_at(tmpfs, "", "mountOptions")
    for device in places(definition, f"{linux}.devices.*"):
        sort_at(device, "", "permissions")
    sort_at(definition, f"{linux}.capabilities", "add", "drop")


def _name(item: Plain) -> str:
    return str(item["name"])


def _value(item: Plain) -> Any:
    """Return the value of a variable; one without a value is empty."""
    value = item.get("value")
    return "" if value is None else value


def _nameless(item: Plain) -> Plain:
    return {key: value for key, value in item.items() if key != "name"}


def _port(port: Plain) -> str:
    number = port.get("containerPort") or port["containerPortRange"]
    return f"{number}/{port.get('protocol') or 'tcp'}"
