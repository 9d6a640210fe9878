"""Types of the values that a model accepts, and strict checks of values.

A check never converts: a numeric string is no number, a boolean no integer, and an
integer that a double cannot represent exactly is no double. See "Model Signature" in
MLflow's documentation for the names of types.
"""

import json
import struct
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from math import isfinite
from types import MappingProxyType
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class ScalarType:
    """A number, boolean, text, time or bytes, by MLflow's name."""

    name: str


@dataclass(frozen=True, slots=True)
class ArrayType:
    """An array; ``length`` is None for any length."""

    items: "ValueType"
    length: int | None = None


@dataclass(frozen=True, slots=True)
class ObjectType:
    """An object with these properties and no others."""

    properties: tuple[tuple[str, "ValueType", bool], ...]


@dataclass(frozen=True, slots=True)
class MapType:
    """An object with any keys, whose values have one type."""

    values: "ValueType"


@dataclass(frozen=True, slots=True)
class AnyType:
    """A type that this version does not know; it is not restricted."""


ValueType: TypeAlias = ScalarType | ArrayType | ObjectType | MapType | AnyType


class MismatchError(ValueError):
    """A value has not the type.

    Attributes:
        path: Path in the value, as in ``[2].name``; empty for the value itself.
    """

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(message)
        self.path = path


def _boolean(value: Any) -> Any:
    if not isinstance(value, bool):
        raise MismatchError(_not("a boolean", value))
    return value


def _integer(bits: int, *, signed: bool = True) -> Callable[[Any], Any]:
    least, most = (
        (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    )

    def check(value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int):
            raise MismatchError(_not("an integer", value))
        if not least <= value <= most:
            msg = f"must be between {least} and {most}"
            raise MismatchError(msg)
        return value

    return check


def _double(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise MismatchError(_not("a number", value))
    try:
        found = float(value)
    except OverflowError:
        found = float("inf")
    if not isfinite(found):
        msg = "must be a finite number"
        raise MismatchError(msg)
    if isinstance(value, int) and int(found) != value:
        msg = "must be a number that a double represents exactly (up to 2^53)"
        raise MismatchError(msg)
    return found


def _float(value: Any) -> float:
    found = _double(value)
    try:
        single = struct.unpack("<f", struct.pack("<f", found))[0]
    except OverflowError:
        msg = "must be a number in the range of a 32-bit float"
        raise MismatchError(msg) from None
    if isinstance(value, int) and int(single) != value:
        msg = "must be a number that a 32-bit float represents exactly (up to 2^24)"
        raise MismatchError(msg)
    return found


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise MismatchError(_not("a string", value))
    return value


def _datetime(value: Any) -> datetime:
    if not isinstance(value, str):
        raise MismatchError(_not("a string with a date and time", value))
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        msg = "must be a date and time (RFC 3339)"
        raise MismatchError(msg) from None


def _binary(value: Any) -> bytes:
    if not isinstance(value, str):
        raise MismatchError(_not("a string in base64", value))
    try:
        return b64decode(value, validate=True)
    except ValueError:
        msg = "must be a string in base64"
        raise MismatchError(msg) from None


_SCALARS: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "boolean": _boolean,
        "integer": _integer(32),
        "long": _integer(64),
        "float": _float,
        "double": _double,
        "string": _string,
        "binary": _binary,
        "datetime": _datetime,
        "int8": _integer(8),
        "int16": _integer(16),
        "uint8": _integer(8, signed=False),
        "uint16": _integer(16, signed=False),
        "uint32": _integer(32, signed=False),
        "uint64": _integer(64, signed=False),
    }
)
# Numpy's names of the elements of tensors, by MLflow's names of columns.
_ELEMENTS: Mapping[str, str] = MappingProxyType(
    {
        "bool": "boolean",
        "int32": "integer",
        "int64": "long",
        "float32": "float",
        "float64": "double",
        "str": "string",
    }
)

_JSON_NAMES: Mapping[type, str] = MappingProxyType(
    {
        type(None): "null",
        bool: "a boolean",
        int: "an integer",
        float: "a number",
        str: "a string",
        list: "an array",
    }
)


@cache
def value_type(text: str) -> ValueType:
    """Return the type of one row of an input.

    Args:
        text: Type of a ``ModelInput``: a name, or JSON for a nested type or a tensor. The
            first dimension of a tensor is the rows.
    """
    if text in _SCALARS:
        return ScalarType(text)
    try:
        return _nested(json.loads(text))
    except ValueError:
        return AnyType()


def conforming(type_: ValueType, value: Any) -> Any:
    """Return the value as a model receives it.

    Raises:
        MismatchError: The value has not the type; the message has not the value.
    """
    match type_:
        case ScalarType(name):
            return _SCALARS[name](value)
        case ArrayType(items, length):
            return _array(items, length, value)
        case ObjectType(properties):
            return _object(properties, value)
        case MapType(values):
            if not isinstance(value, dict):
                raise MismatchError(_not("an object", value))
            return {k: _within(f".{k}", values, one) for k, one in value.items()}
        case AnyType():
            return value


def are_doubles(type_: ValueType, values: Sequence[Any]) -> bool:
    """Return True if the values certainly are finite doubles; a check in one step."""
    return (
        type_ == ScalarType("double")
        and set(map(type, values)) == {float}
        and isfinite(sum(values))
    )


def _array(items: ValueType, length: int | None, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise MismatchError(_not("an array", value))
    if length is not None and len(value) != length:
        msg = f"must have {length} elements, not {len(value)}"
        raise MismatchError(msg)
    if are_doubles(items, value):
        return value
    return [_within(f"[{i}]", items, one) for i, one in enumerate(value)]


def _object(
    properties: tuple[tuple[str, ValueType, bool], ...], value: Any
) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise MismatchError(_not("an object", value))
    known = {name for name, _, _ in properties}
    if value.keys() - known:
        msg = "must have no properties that the signature does not name"
        raise MismatchError(msg)
    found = {}
    for name, type_, is_required in properties:
        if value.get(name) is not None:
            found[name] = _within(f".{name}", type_, value[name])
        elif is_required:
            msg = "is required"
            raise MismatchError(msg, f".{name}")
    return found


def _within(path: str, type_: ValueType, value: Any) -> Any:
    try:
        return conforming(type_, value)
    except MismatchError as error:
        raise MismatchError(str(error), f"{path}{error.path}") from None


def _nested(kind: Any) -> ValueType:
    match kind:
        case {"type": str(name)} if name in _SCALARS:
            return ScalarType(name)
        case {"type": "array", "items": items}:
            return ArrayType(_nested(items))
        case {"type": "map", "values": values}:
            return MapType(_nested(values))
        case {"type": "object", "properties": dict(properties)}:
            return ObjectType(
                tuple(
                    (name, _nested(one), bool(one.get("required", True)))
                    for name, one in properties.items()
                )
            )
        case {"type": "tensor", "tensor-spec": {"dtype": str(dtype), "shape": shape}}:
            return _tensor_row(dtype, shape[1:])
        case _:
            return AnyType()


def _tensor_row(dtype: str, shape: Sequence[int]) -> ValueType:
    name = _ELEMENTS.get(dtype, dtype)
    found: ValueType = ScalarType(name) if name in _SCALARS else AnyType()
    for length in reversed(shape):
        found = ArrayType(found, None if length < 0 else length)
    return found


def _not(expected: str, value: Any) -> str:
    return f"must be {expected}, not {_json_name(value)}"


def _json_name(value: Any) -> str:
    """Return the name of the JSON type of a value."""
    if isinstance(value, float) and not isfinite(value):
        return "NaN or infinity"
    return _JSON_NAMES.get(type(value), "an object")
