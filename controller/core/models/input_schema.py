"""JSON Schema of the input of a model, derived from its signature.

MLflow's types of columns are listed in "Model Signature" of its documentation. A tensor
is described by its type and shape.
"""

import json
from collections.abc import Mapping
from typing import Any

from controller.core.models.signature import ModelInput, ModelSignature

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_INT32, _INT64 = 2**31, 2**63
_TYPES: Mapping[str, Mapping[str, Any]] = {
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer", "minimum": -_INT32, "maximum": _INT32 - 1},
    "long": {"type": "integer", "minimum": -_INT64, "maximum": _INT64 - 1},
    "float": {"type": "number"},
    "double": {"type": "number"},
    "string": {"type": "string"},
    "binary": {"type": "string", "contentEncoding": "base64"},
    "datetime": {"type": "string", "format": "date-time"},
}


def input_schema(signature: ModelSignature) -> dict[str, Any]:
    """Return the schema of one row: an object of columns, or one tensor."""
    inputs = signature.inputs
    if len(inputs) == 1 and _is_tensor(inputs[0]) and inputs[0].name.startswith("["):
        return {"$schema": DIALECT, **_schema_of(inputs[0])}
    return {
        "$schema": DIALECT,
        "type": "object",
        "properties": {one.name: _schema_of(one) for one in inputs},
        "required": [one.name for one in inputs if one.required],
    }


def _schema_of(one: ModelInput) -> dict[str, Any]:
    if one.type in _TYPES:
        return dict(_TYPES[one.type])
    try:
        return _nested(json.loads(one.type))
    except ValueError:
        # A type that this version does not know is not restricted.
        return {}


def _nested(kind: Any) -> dict[str, Any]:
    match kind:
        case {"type": str(name)} if name in _TYPES:
            return dict(_TYPES[name])
        case {"type": "array", "items": items}:
            return {"type": "array", "items": _nested(items)}
        case {"type": "map", "values": values}:
            return {"type": "object", "additionalProperties": _nested(values)}
        case {"type": "object", "properties": properties}:
            return _object(properties)
        case {"type": "tensor", "tensor-spec": {"shape": [*shape]}}:
            return _tensor(shape)
        case _:
            return {}


def _object(properties: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: _nested(kind) for name, kind in properties.items()},
        "required": [
            name for name, kind in properties.items() if kind.get("required", True)
        ],
    }


def _tensor(shape: list[int]) -> dict[str, Any]:
    """Return the schema of nested arrays; a dimension of -1 has any length."""
    schema: dict[str, Any] = {}
    for length in reversed(shape):
        bounds = {} if length < 0 else {"minItems": length, "maxItems": length}
        items = {"items": schema} if schema else {}
        schema = {"type": "array", **items, **bounds}
    return schema


def _is_tensor(one: ModelInput) -> bool:
    return '"tensor-spec"' in one.type
