"""Fields in AWS's own words: which there are, and of which type.

The data file is generated from botocore's model of Amazon ECS, so that a document can
be checked where botocore is not imported. Names are spelled as the API has them.
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
    """Return the file: ``task`` and ``service``, and what ``update`` takes of it."""
    text = files(__package__).joinpath("aws_schema.json").read_text()
    data: dict[str, Any] = json.loads(text)
    return data


@dataclass(frozen=True, slots=True)
class MatchesAwsSchema(SetElsewhere):
    """The rule that a mapping has the shape that AWS gives it.

    Attributes:
        name: ``task`` or ``service``.
        ours: Fields that are settled elsewhere, and where.
    """

    name: str
    ours: Mapping[str, str] = field(default_factory=dict)

    def __get_pydantic_core_schema__(
        self, _source: Any, _handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Return the check of the whole mapping, with a place for each mistake."""
        shape = shapes()[self.name]
        kept = {k: v for k, v in shape["fields"].items() if k not in self.ours}
        schema = _schema({"required": [], "fields": kept})
        return core_schema.no_info_before_validator_function(self._not_ours, schema)

    def fields(self, path: tuple[str | int, ...]) -> tuple[str, ...]:
        """Return the names that may be written at ``path``."""
        shape: Shape = shapes()[self.name]
        for part in path:
            shape = _inner(shape, part)
        names = shape.get("fields", ()) if isinstance(shape, dict) else ()
        return tuple(name for name in names if path or name not in self.ours)

    def _not_ours(self, value: Any) -> Any:
        for name in value if isinstance(value, dict) else ():
            if name in self.ours:
                reject("is settled elsewhere", self.ours[name], name)
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
    """Return the check of the fields that are written; others may follow from the rest."""
    return core_schema.typed_dict_schema(
        {
            name: core_schema.typed_dict_field(_schema(inner), required=False)
            for name, inner in shape["fields"].items()
        },
        extra_behavior="forbid",
    )
