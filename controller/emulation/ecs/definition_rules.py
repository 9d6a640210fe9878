"""Validation and unit conversion of RegisterTaskDefinition."""

import re
from collections import Counter
from collections.abc import Iterable
from copy import deepcopy

from controller.emulation.ecs.errors import client_error, invalid
from controller.emulation.ecs.state import Body

FAMILY = re.compile(r"[A-Za-z0-9_-]{1,255}")

GIB = 1024
# CPU units → memory sizes (MiB) that Fargate allows.
FARGATE_SIZES: dict[int, tuple[int, ...]] = {
    256: (512, GIB, 2 * GIB),
    512: tuple(range(GIB, 4 * GIB + 1, GIB)),
    1024: tuple(range(2 * GIB, 8 * GIB + 1, GIB)),
    2048: tuple(range(4 * GIB, 16 * GIB + 1, GIB)),
    4096: tuple(range(8 * GIB, 30 * GIB + 1, GIB)),
    8192: tuple(range(16 * GIB, 60 * GIB + 1, 4 * GIB)),
    16384: tuple(range(32 * GIB, 120 * GIB + 1, 8 * GIB)),
}


def checked_definition(body: Body) -> Body:
    """Validate a definition and convert its units; raises EcsError."""
    definition = deepcopy(body)
    for field, unit, factor in (("cpu", "vcpu", 1024), ("memory", "gb", GIB)):
        if field in definition:
            definition[field] = _converted(str(definition[field]), field, unit, factor)
    _check_family(definition)
    _check_containers(definition)
    if "FARGATE" in definition.get("requiresCompatibilities", []):
        _check_fargate(definition)
    return definition


def _converted(text: str, field: str, unit: str, factor: int) -> str:
    """Return ``1 vCPU`` as ``1024`` and ``0.5 GB`` as ``512``."""
    number = text.lower().removesuffix(unit).strip()
    try:
        amount = float(number)
    except ValueError:
        message = f"Invalid '{field}' setting for task."
        raise client_error(message) from None
    has_unit = text.lower().endswith(unit)
    return str(int(amount * factor)) if has_unit else str(int(amount))


def _check_family(definition: Body) -> None:
    if not FAMILY.fullmatch(definition["family"]):
        message = (
            "Family contains invalid characters. Use up to 255 letters, numbers, "
            "hyphens and underscores."
        )
        raise client_error(message)


def _check_containers(definition: Body) -> None:
    containers = definition["containerDefinitions"]
    if not containers:
        message = "Task definition must contain at least one container definition."
        raise client_error(message)
    _refuse_duplicates((c.get("name", "") for c in containers), "container name")
    if not any(c.get("essential", True) for c in containers):
        message = "Task definition must have at least one essential container."
        raise client_error(message)
    for container in containers:
        _check_container(container, definition)


def _check_container(container: Body, definition: Body) -> None:
    name = container.get("name")
    if not name or not container.get("image"):
        message = "Container.name and Container.image must not be blank."
        raise client_error(message)
    has_memory = container.get("memory") or container.get("memoryReservation")
    if not has_memory and not definition.get("memory"):
        message = (
            f"Invalid setting for container '{name}'. At least one of 'memory' or "
            "'memoryReservation' must be specified."
        )
        raise client_error(message)
    values = [*container.get("environment", []), *container.get("secrets", [])]
    _refuse_duplicates((v.get("name", "") for v in values), "variable name")
    for port in container.get("portMappings", []):
        _check_port(port, definition)


def _check_port(port: Body, definition: Body) -> None:
    host, inner = port.get("hostPort"), port.get("containerPort")
    if definition.get("networkMode") == "awsvpc" and host and host != inner:
        message = (
            "When networkMode=awsvpc, the host ports and container ports in port "
            "mappings must match."
        )
        raise client_error(message)


def _check_fargate(definition: Body) -> None:
    if definition.get("networkMode") != "awsvpc":
        message = "Fargate only supports network mode 'awsvpc'."
        raise client_error(message)
    cpu, memory = definition.get("cpu"), definition.get("memory")
    if not cpu:
        message = "Fargate requires that 'cpu' be defined at the task level."
        raise client_error(message)
    if not memory:
        message = "Fargate requires that 'memory' be defined at the task level."
        raise client_error(message)
    if int(memory) not in FARGATE_SIZES.get(int(cpu), ()):
        message = (
            f"No Fargate configuration exists for given values: {cpu} CPU, "
            f"{memory} memory."
        )
        raise client_error(message)


def _refuse_duplicates(names: Iterable[str], kind: str) -> None:
    duplicates = [name for name, count in Counter(names).items() if count > 1]
    if duplicates:
        message = f"Duplicate {kind}: {', '.join(sorted(duplicates))}."
        raise invalid(message)
