"""One spelling for what ECS says and what we would say.

ECS fills in, drops and reorders what it is given. Both sides go through the same
rules before they are compared; each rule names where ECS says so. ``Rn`` is the
rule's number, by which people can speak of it.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

Plain = dict[str, Any]

_READ_ONLY = frozenset(
    {
        "taskDefinitionArn",
        "revision",
        "status",
        "requiresAttributes",
        "compatibilities",
        "registeredAt",
        "registeredBy",
        "deregisteredAt",
        "deleteRequestedAt",
        "inferenceAccelerators",
    }
)
# Absent and this are the same to ECS; API reference, type ContainerDefinition.
_CONTAINER_DEFAULTS: Mapping[str, Any] = {
    "cpu": 0,
    "memory": 0,
    "memoryReservation": 0,
    "essential": True,
    "privileged": False,
    "readonlyRootFilesystem": False,
    "interactive": False,
    "pseudoTerminal": False,
    "disableNetworking": False,
    "versionConsistency": "enabled",
}
_HEALTH_DEFAULTS: Mapping[str, Any] = {
    "interval": 30,
    "timeout": 5,
    "retries": 3,
    "startPeriod": 0,
}
# Lists that are sets to ECS: it gives them back in any order.
_BY_NAME = ("environment", "secrets", "ulimits")
_SETS = (
    "portMappings",
    "volumesFrom",
    "mountPoints",
    "systemControls",
    "extraHosts",
    "resourceRequirements",
    "dependsOn",
    "links",
)


def canonical(definition: Mapping[str, Any]) -> Plain:
    """Return a task definition in the one form in which two can be compared.

    Containers, environment variables and secrets are keyed by name, so that a
    difference has a path a person can read. ``definition`` is left as it is.
    """
    plain: Plain = dict(definition)
    for rule in _RULES:
        plain = rule(plain)
    return plain


def r05_drop_read_only(definition: Plain) -> Plain:
    """Drop what DescribeTaskDefinition adds and RegisterTaskDefinition refuses."""
    return {k: v for k, v in definition.items() if k not in _READ_ONLY}


def r08_amounts_in_units(definition: Plain) -> Plain:
    """Spell CPU and memory in units: "1 vCPU" is 1024 and "2 GB" is 2048."""
    amounts = {
        key: _amount(definition[key])
        for key in ("cpu", "memory")
        if definition.get(key) is not None
    }
    return {**definition, **amounts}


def r13_plain_volumes(definition: Plain) -> Plain:
    """Key volumes by name and drop the halves that say nothing."""
    volumes = {
        volume["name"]: _without(volume, {"host": {}, "configuredAtLaunch": False})
        for volume in definition.get("volumes", ())
    }
    return {**definition, "volumes": volumes}


def r14_to_r31_containers(definition: Plain) -> Plain:
    """Key containers by name, each in its own canonical form."""
    mode = definition.get("networkMode", "bridge")
    containers = {
        container["name"]: _container(container, mode)
        for container in definition.get("containerDefinitions", ())
    }
    return {**definition, "containerDefinitions": containers}


def r31_sets_in_order(definition: Plain) -> Plain:
    """Put lists that ECS treats as sets into one order."""
    sets: Plain = {
        key: sorted(definition[key], key=repr)
        for key in ("requiresCompatibilities", "placementConstraints")
        if key in definition
    }
    return {**definition, **sets}


def r01_drop_empty(definition: Plain) -> Plain:
    """Drop what is null or empty, all the way down; "" in environment stays."""
    dropped: Plain = _drop_empty(definition)
    return dropped


def _container(container: Plain, network_mode: str) -> Plain:
    plain = _without(container, _CONTAINER_DEFAULTS)
    # R19, R20: tcp, and in awsvpc the host's port is the container's.
    plain["portMappings"] = [
        _port(port, network_mode) for port in container.get("portMappings", ())
    ]
    if container.get("healthCheck"):
        plain["healthCheck"] = _without(container["healthCheck"], _HEALTH_DEFAULTS)
    plain["mountPoints"] = [
        _without(mount, {"readOnly": False})
        for mount in container.get("mountPoints", ())
    ]
    for key in _SETS:
        if plain.get(key):
            plain[key] = sorted(plain[key], key=repr)
    for key in _BY_NAME:
        # ECS shuffles these; Terraform's provider sorts them for the same reason.
        plain[key] = {item["name"]: _value(item) for item in container.get(key, ())}
    return plain


def _port(port: Plain, network_mode: str) -> Plain:
    plain = {**port, "protocol": port.get("protocol") or "tcp"}
    if network_mode in {"awsvpc", "host"} and "containerPort" in port:
        plain["hostPort"] = port["containerPort"]
    elif not plain.get("hostPort"):
        plain.pop("hostPort", None)
    return dict(sorted(plain.items()))


def _value(item: Plain) -> Any:
    """Return what a named item holds, without its name."""
    if "valueFrom" in item:
        # R36: trailing colons name no key, stage and version.
        return re.sub(r":+$", "", item["valueFrom"])
    if "value" in item:
        return item["value"]
    return {key: value for key, value in item.items() if key != "name"}


def _amount(value: Any) -> str:
    text = str(value).strip()
    found = re.fullmatch(r"([0-9]*\.?[0-9]+)\s*(?:vcpu|gb)", text, re.IGNORECASE)
    return str(int(float(found[1]) * 1024)) if found else text


def _without(plain: Mapping[str, Any], defaults: Mapping[str, Any]) -> Plain:
    """Return ``plain`` without the fields that say what is so anyway."""
    return {
        key: value
        for key, value in plain.items()
        if not (key in defaults and value == defaults[key])
    }


def _drop_empty(value: Any) -> Any:
    match value:
        case dict():
            kept = {key: _drop_empty(item) for key, item in value.items()}
            return {k: v for k, v in kept.items() if v not in (None, [], {})}
        case list():
            return [_drop_empty(item) for item in value]
        case _:
            return value


_RULES: tuple[Callable[[Plain], Plain], ...] = (
    r05_drop_read_only,
    r08_amounts_in_units,
    r13_plain_volumes,
    r14_to_r31_containers,
    r31_sets_in_order,
    r01_drop_empty,
)
