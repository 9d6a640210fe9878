"""Whether a service makes sense as a whole, with what AWS's own words add to it.

What is left out there may follow from the rest, so only the whole can lack something.
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
from controller.kinds.service.spec.consistency import disagreements
from controller.kinds.service.spec.service import ServiceSpec

Fields = Mapping[str, Any]
# The number of a service's tasks, its name and the rest of its identity are ours.
_GIVEN = frozenset({"serviceName", "family", "containerDefinitions"})


def complete(name: str, spec: ServiceSpec, platform: Platform) -> ServiceSpec:
    """Return ``spec`` with all that follows from its key and the platform.

    Raises:
        ValueError: AWS would refuse it.
    """
    whole = specs.complete(name, spec, platform)
    definition = render(whole)
    _check_required(shapes()["task"], whole.task, definition, "task")
    _check_required(shapes()["service"], whole.service, settings(whole), "service")
    for index, written in enumerate(whole.task.get("containerDefinitions", ())):
        container = _by_name(definition["containerDefinitions"], written, "name")
        _check_container(container, f"task.containerDefinitions.{index}", whole.name)
    reject_all(disagreements(whole.task, whole.service, definition))
    return whole


def _check_required(shape: Any, written: Any, whole: Any, path: str) -> None:
    """Raise if what is written at ``path`` lacks a field even with all the rest."""
    match shape:
        case {"fields": fields, "required": required}:
            for name in required:
                if name not in _GIVEN and whole.get(name) is None:
                    reject("is missing", f"add {name}", f"{path}.{name}")
            for name, value in written.items():
                _check_required(fields[name], value, whole[name], f"{path}.{name}")
        case {"list": inner}:
            key = NAMED.get(path.rpartition(".")[2])
            for index, item in enumerate(written):
                found = _by_name(whole, item, key) if key else whole[index]
                _check_required(inner, item, found, f"{path}.{index}")
        case _:
            return


def _check_container(container: Fields, path: str, main: str) -> None:
    """Raise if ``container`` cannot run as it is declared."""
    if not container.get("image"):
        hint = f"add image; the service's own container is called {main}"
        reject("needs an image", hint, f"{path}.name")
    values = {item["name"] for item in container.get("environment", ())}
    secrets = {item["name"] for item in container.get("secrets", ())}
    for name in sorted(values & secrets):
        what = f"has {name} in environment and in secrets"
        reject(what, "keep one of them", f"{path}.name")


def _by_name(items: list[Any], item: Fields, key: str) -> Any:
    return next(found for found in items if found[key] == item[key])
