"""Completion of a declared service, and checks of the complete rendered result.

A field that is missing under ``task`` or ``service`` may follow from other fields, so
required fields can only be checked in the complete result.
"""

from collections.abc import Mapping
from typing import Any

from controller.core.document.fields import reject, reject_all
from controller.core.document.platform import Platform
from controller.kinds.service.render.service import settings
from controller.kinds.service.render.task_definition import render
from controller.kinds.service.spec import service as specs
from controller.kinds.service.spec.aws_fields import NAMED
from controller.kinds.service.spec.aws_schema import shapes
from controller.kinds.service.spec.consistency import inconsistencies
from controller.kinds.service.spec.service import ServiceSpec

Fields = Mapping[str, Any]
# Required fields that the controller itself sets.
_SET_BY_CONTROLLER = frozenset({"serviceName", "family", "containerDefinitions"})


def complete(name: str, spec: ServiceSpec, platform: Platform) -> ServiceSpec:
    """Return ``spec`` with the defaults that follow from its key and the platform.

    Raises:
        ValueError: AWS would refuse the service.
    """
    completed = specs.complete(name, spec, platform)
    definition, fields = render(completed), settings(completed)
    _check_required(shapes()["task"], completed.task, definition, "task")
    _check_required(shapes()["service"], completed.service, fields, "service")
    for index, written in enumerate(completed.task.get("containerDefinitions", ())):
        container = _by_name(definition["containerDefinitions"], written, "name")
        path = f"task.containerDefinitions.{index}"
        _check_container(container, path, completed.name)
    reject_all(inconsistencies(completed.task, completed.service, definition))
    return completed


def _check_required(shape: Any, written: Any, whole: Any, path: str) -> None:
    """Raise if a declared structure at ``path`` lacks a field in the rendered result."""
    match shape:
        case {"fields": fields, "required": required}:
            for name in required:
                if name not in _SET_BY_CONTROLLER and whole.get(name) is None:
                    reject("is missing", f"add {name}", f"{path}.{name}")
            for name, value in written.items():
                # The network configuration is left out in modes that have none.
                if name in whole:
                    _check_required(fields[name], value, whole[name], f"{path}.{name}")
        case {"list": inner}:
            key = NAMED.get(path.rpartition(".")[2])
            for index, item in enumerate(written):
                found = _by_name(whole, item, key) if key else whole[index]
                _check_required(inner, item, found, f"{path}.{index}")
        case _:
            return


def _check_container(container: Fields, path: str, main: str) -> None:
    """Raise if a rendered container has no image, or sets a variable twice."""
    if not container.get("image"):
        hint = f"add image; the name of the service's main container is {main}"
        reject("needs an image", hint, f"{path}.name")
    values = {item["name"] for item in container.get("environment", ())}
    secrets = {item["name"] for item in container.get("secrets", ())}
    for name in sorted(values & secrets):
        what = f"has {name} in environment and in secrets"
        reject(what, "keep one of them", f"{path}.name")


def _by_name(items: list[Any], item: Fields, key: str) -> Any:
    return next(found for found in items if found[key] == item[key])
