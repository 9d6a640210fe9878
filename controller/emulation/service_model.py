"""Validation of requests and responses with botocore's model of Amazon ECS.

Checks required and unknown fields, types and enumerations, as AWS does.
"""

import gzip
import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "timestamp": (int, float, str),
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "blob": (str,),
}


class ServiceModel:
    """Shapes of one AWS service, and validation of values against them."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._operations = data["operations"]
        self._shapes = data["shapes"]

    def operations(self) -> frozenset[str]:
        """Return the names of all operations of the service."""
        return frozenset(self._operations)

    def request_problems(self, operation: str, body: Mapping[str, Any]) -> list[str]:
        """Return the problems of a request; empty if it is valid."""
        return list(self._problems(self._shape_of(operation, "input"), body, ""))

    def answer_problems(self, operation: str, body: Mapping[str, Any]) -> list[str]:
        """Return the problems of a response; empty if it is valid."""
        return list(self._problems(self._shape_of(operation, "output"), body, ""))

    def _shape_of(self, operation: str, direction: str) -> str:
        shape: str = self._operations[operation][direction]["shape"]
        return shape

    def _problems(self, name: str, value: Any, path: str) -> Iterator[str]:
        shape = self._shapes[name]
        if not _has_type(value, shape["type"]):
            yield f"{path or 'body'} must be of type {shape['type']}"
        elif shape["type"] == "structure":
            yield from self._of_structure(shape, value, path)
        elif shape["type"] == "list":
            for index, item in enumerate(value):
                yield from self._problems(
                    shape["member"]["shape"], item, f"{path}[{index}]"
                )
        elif shape["type"] == "map":
            for key, item in value.items():
                yield from self._problems(
                    shape["value"]["shape"], item, f"{path}.{key}"
                )
        elif "enum" in shape and value not in shape["enum"]:
            yield f"{path} must be one of {', '.join(shape['enum'])}, not {value!r}"

    def _of_structure(
        self, shape: Mapping[str, Any], value: Mapping[str, Any], path: str
    ) -> Iterator[str]:
        prefix = f"{path}." if path else ""
        members = shape["members"]
        for name in shape.get("required", []):
            if value.get(name) is None:
                yield f"{prefix}{name} is required"
        for name, item in value.items():
            if name not in members:
                yield f"{prefix}{name} is not known"
            elif item is not None:
                yield from self._problems(
                    members[name]["shape"], item, f"{prefix}{name}"
                )


def _has_type(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _TYPES[kind])


@cache
def ecs_model() -> ServiceModel:
    """Return the model of Amazon ECS from the installed botocore."""
    spec = find_spec("botocore")
    if spec is None or not spec.submodule_search_locations:
        msg = "botocore is not installed: its model of Amazon ECS is missing"
        raise LookupError(msg)
    folder = Path(next(iter(spec.submodule_search_locations)), "data", "ecs")
    newest = max(folder.iterdir())
    packed = newest / "service-2.json.gz"
    if packed.exists():
        return ServiceModel(json.loads(gzip.decompress(packed.read_bytes())))
    return ServiceModel(json.loads((newest / "service-2.json").read_bytes()))
