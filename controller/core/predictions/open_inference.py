"""Tensors of the Open Inference Protocol (V2), as KServe and Triton define it.

An input tensor is a column: its name is that of the column, its first dimension the
rows. See https://github.com/kserve/open-inference-protocol.
"""

from collections.abc import Mapping, Sequence
from math import prod
from types import MappingProxyType
from typing import Any

from controller.core.models.signature import ModelInput, ModelSignature
from controller.core.predictions.rows import ModelRows, checked_rows
from controller.core.predictions.value_types import (
    ArrayType,
    ScalarType,
    ValueType,
    value_type,
)
from controller.core.predictions.violations import refuse, shown

# Data types of the protocol, by MLflow's name.
_DATATYPES: Mapping[str, str] = MappingProxyType(
    {
        "boolean": "BOOL",
        "integer": "INT32",
        "long": "INT64",
        "float": "FP32",
        "double": "FP64",
        "string": "BYTES",
        "binary": "BYTES",
        "datetime": "BYTES",
        "int8": "INT8",
        "int16": "INT16",
        "uint8": "UINT8",
        "uint16": "UINT16",
        "uint32": "UINT32",
        "uint64": "UINT64",
    }
)
_UNNAMED = "input"


def tensor_inputs(signature: ModelSignature) -> list[dict[str, Any]]:
    """Return the inputs of a model as the protocol describes them; -1 is any length."""
    return [
        {"name": tensor_name(one), "datatype": kind, "shape": [-1, *shape]}
        for one in signature.inputs
        for kind, shape in (_kind(value_type(one.type)),)
    ]


def tensor_name(one: ModelInput) -> str:
    """Return the name of an input; inputs without a name are numbered."""
    return f"{_UNNAMED}{one.name[1:-1]}" if one.name.startswith("[") else one.name


def tensor_rows(decoded: Any, signature: ModelSignature) -> ModelRows:
    """Return the rows of an inference request.

    Raises:
        InputError: A tensor has another type, shape or name than the model's, or the
            signature does not permit a value.
    """
    if not isinstance(decoded, dict):
        refuse("body", "must be an object")
    tensors = decoded.get("inputs")
    if not isinstance(tensors, list) or not tensors:
        refuse("inputs", "must be an array of tensors")
    inputs = {tensor_name(one): one for one in signature.inputs}
    columns: dict[str, Sequence[Any]] = {}
    for number, tensor in enumerate(tensors):
        field = f"inputs[{number}]"
        if not isinstance(tensor, dict) or not isinstance(tensor.get("name"), str):
            refuse(field, "must be an object with a name")
        name = tensor["name"]
        one = inputs.get(name)
        if one is None:
            refuse(f"{field}.name", f"is not an input of the model: {shown(name)}")
        if one.name in columns:
            refuse(f"{field}.name", f"is not unique: {shown(name)}")
        columns[one.name] = _column(tensor, value_type(one.type), field)
    lengths = {len(column) for column in columns.values()}
    if len(lengths) != 1:
        refuse("inputs", "must have tensors with equally many rows")
    return checked_rows(columns, lengths.pop(), signature)


def output_tensors(values: Any) -> list[dict[str, Any]]:
    """Return predictions as tensors: one, or one for each column of a data frame."""
    rows = values if isinstance(values, list) else [values]
    if rows and all(isinstance(row, dict) for row in rows):
        return [_output(str(name), [row[name] for row in rows]) for name in rows[0]]
    return [_output("predictions", rows)]


def _column(tensor: Mapping[str, Any], type_: ValueType, field: str) -> Sequence[Any]:
    datatype, inner = _kind(type_)
    if tensor.get("datatype") != datatype:
        refuse(f"{field}.datatype", f"must be {datatype}")
    shape, data = tensor.get("shape"), tensor.get("data")
    if not isinstance(shape, list) or not all(
        isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in shape
    ):
        refuse(f"{field}.shape", "must be an array of lengths")
    if not isinstance(data, list):
        refuse(f"{field}.data", "must be an array")
    if not inner and len(shape) == 2 and shape[1] == 1:  # noqa: PLR2004 - a column
        shape = shape[:1]
    if len(shape) != len(inner) + 1:
        refuse(f"{field}.shape", f"must have {len(inner) + 1} dimensions")
    flat = _flat(data)
    if len(flat) != prod(shape):
        refuse(f"{field}.data", f"must have {prod(shape)} elements, not {len(flat)}")
    return _shaped(flat, shape)


def _flat(data: Sequence[Any]) -> list[Any]:
    """Return the elements of nested arrays in row-major order."""
    found = list(data)
    while any(isinstance(one, list) for one in found):
        found = [
            part for one in found for part in (one if isinstance(one, list) else [one])
        ]
    return found


def _shaped(flat: Sequence[Any], shape: Sequence[int]) -> list[Any]:
    if len(shape) == 1:
        return list(flat)
    step = prod(shape[1:])
    return [
        _shaped(flat[i * step : (i + 1) * step], shape[1:]) for i in range(shape[0])
    ]


def _kind(type_: ValueType) -> tuple[str, list[int]]:
    """Return the datatype of an input and the shape of one row."""
    match type_:
        case ScalarType(name):
            return _DATATYPES[name], []
        case ArrayType(items, length):
            datatype, shape = _kind(items)
            return datatype, [-1 if length is None else length, *shape]
        case _:
            return "BYTES", []


def _output(name: str, rows: Sequence[Any]) -> dict[str, Any]:
    shape, level = [len(rows)], rows
    while level and all(isinstance(one, list) for one in level):
        if len({len(one) for one in level}) != 1:
            break
        shape.append(len(level[0]))
        level = [part for one in level for part in one]
    kinds = set(map(type, level))
    if kinds == {bool}:
        datatype = "BOOL"
    elif kinds == {int}:
        datatype = "INT64"
    elif kinds <= {int, float}:
        datatype = "FP64"
    else:
        datatype = "BYTES"
    return {"name": name, "datatype": datatype, "shape": shape, "data": list(level)}
