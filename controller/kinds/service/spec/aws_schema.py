"""Schema of the fields of RegisterTaskDefinition and CreateService.

The data file is generated from botocore's model of Amazon ECS, so that a document can
be checked without importing botocore. Names are in the API's spelling.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from controller.core.document.fields import SetElsewhere, reject

Shape = Any
_SCALARS: Mapping[str, CoreSchema] = {
    "text": core_schema.str_schema(strict=True),
    "flag": core_schema.bool_schema(strict=True),
    "whole": core_schema.int_schema(strict=True),
    "number": core_schema.float_schema(strict=True),
    "any": core_schema.dict_schema(),
}


@cache
def shapes() -> dict[str, Any]:
    """Return the data file: ``task``, ``service``, and ``update`` of UpdateService."""
    text = files(__package__).joinpath("aws_schema.json").read_text()
    data: dict[str, Any] = json.loads(text)
    return data


@dataclass(frozen=True, slots=True)
class MatchesAwsSchema(SetElsewhere):
    """Validation rule: a mapping has the structure that AWS's model defines.

    Attributes:
        name: ``task`` or ``service``.
        reserved: Fields that are set elsewhere, each with a hint.
    """

    name: str
    reserved: Mapping[str, str] = field(default_factory=dict)

    def __get_pydantic_core_schema__(
        self, _source: Any, _handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Return the validator of the mapping; each mistake has its path."""
        shape = shapes()[self.name]
        allowed = {k: v for k, v in shape["fields"].items() if k not in self.reserved}
        schema = _schema({"required": [], "fields": allowed})
        check = self._refuse_reserved
        return core_schema.no_info_before_validator_function(check, schema)

    def fields(self, path: tuple[str | int, ...]) -> tuple[str, ...]:
        """Return the names that may be written at ``path``."""
        shape: Shape = shapes()[self.name]
        for part in path:
            shape = _inner(shape, part)
        names = shape.get("fields", ()) if isinstance(shape, dict) else ()
        return tuple(name for name in names if path or name not in self.reserved)

    def _refuse_reserved(self, value: Any) -> Any:
        for name in value if isinstance(value, dict) else ():
            if name in self.reserved:
                reject("cannot be set here", self.reserved[name], name)
        return value


def _inner(shape: Shape, part: str | int) -> Shape:
    if not isinstance(shape, dict):
        return None
    if "fields" in shape:
        return shape["fields"].get(part)
    return shape.get("list") or shape.get("map")


def _schema(shape: Shape) -> CoreSchema:
    match shape:
        case str():
            return _SCALARS[shape]
        case list():
            return core_schema.literal_schema(shape)
        case {"list": inner}:
            return core_schema.list_schema(_schema(inner), strict=True)
        case {"map": inner}:
            return core_schema.dict_schema(_SCALARS["text"], _schema(inner))
        case _:
            return _structure(shape)


def _structure(shape: Mapping[str, Any]) -> CoreSchema:
    """Return the validator of a structure. Required fields may be set elsewhere."""
    return core_schema.typed_dict_schema(
        {
            name: core_schema.typed_dict_field(_schema(inner), required=False)
            for name, inner in shape["fields"].items()
        },
        extra_behavior="forbid",
    )
