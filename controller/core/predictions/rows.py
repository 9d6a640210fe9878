"""Rows of input, checked strictly against the signature of a model."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from controller.core.models.signature import ModelInput, ModelSignature
from controller.core.predictions.body import BodyForm, PredictionBody
from controller.core.predictions.value_types import (
    MismatchError,
    ScalarType,
    are_doubles,
    conforming,
    value_type,
)
from controller.core.predictions.violations import (
    InputError,
    Violation,
    refuse,
    shown,
)

# Types whose columns may hold null if the column is optional.
_NULLABLE = frozenset({"double", "float", "string", "datetime", "binary"})
_MISSING = object()


@dataclass(frozen=True, slots=True)
class ModelRows:
    """Rows that the signature of a model permits.

    Attributes:
        columns: Values of each input, one for each row. Optional inputs that no row has
            are left out.
        count: Number of rows.
    """

    columns: Mapping[str, Sequence[Any]]
    count: int

    def can_join(self, other: "ModelRows") -> bool:
        """Return True if the rows of ``other`` have the same inputs."""
        return self.columns.keys() == other.columns.keys()

    @classmethod
    def joined(cls, parts: Sequence["ModelRows"]) -> Self:
        """Return the rows of all parts, in order; all have the same inputs."""
        columns = {
            name: [value for part in parts for value in part.columns[name]]
            for name in parts[0].columns
        }
        return cls(columns, sum(part.count for part in parts))

    def single_rows(self) -> tuple["ModelRows", ...]:
        """Return each row by itself."""
        return tuple(
            ModelRows({k: [v[i]] for k, v in self.columns.items()}, 1)
            for i in range(self.count)
        )


@dataclass(frozen=True, slots=True)
class _Column:
    """Values of one input as they were sent; ``path`` has a place for the row."""

    values: Sequence[Any]
    path: str

    def field(self, row: int) -> str:
        return self.path.replace("{}", str(row))


def model_rows(body: PredictionBody, signature: ModelSignature) -> ModelRows:
    """Return the rows of a body.

    Raises:
        InputError: The signature does not permit them. Each violation names its row and
            column.
    """
    sent, count = _sent(body, signature.inputs)
    return checked_rows(sent, count, signature)


def checked_rows(
    sent: Mapping[str, Any], count: int, signature: ModelSignature
) -> ModelRows:
    """Return rows whose columns were sent by name, after the check.

    Raises:
        InputError: As of ``model_rows``.
    """
    columns = {
        name: column
        if isinstance(column, _Column)
        else _Column(column, f"{name}[{{}}]")
        for name, column in sent.items()
    }
    if count == 0:
        refuse("body", "must have at least one row")
    violations = list(_unknown(columns, signature))
    found: dict[str, Sequence[Any]] = {}
    for one in signature.inputs:
        column = columns.get(one.name)
        if column is None:
            if one.required:
                violations.append(Violation(one.name, "is required", None, one.name))
            continue
        values = _values(one, column, violations)
        if values is not None:
            found[one.name] = values
    if violations:
        ordered = sorted(violations, key=lambda v: -1 if v.row is None else v.row)
        raise InputError(ordered)
    return ModelRows(found, count)


def _unknown(
    columns: Mapping[str, _Column], signature: ModelSignature
) -> Iterator[Violation]:
    known = {one.name for one in signature.inputs}
    for name in columns:
        if name not in known:
            text = shown(name)
            yield Violation(text, "is not an input of the model", None, text)


def _values(
    one: ModelInput, column: _Column, violations: list[Violation]
) -> Sequence[Any] | None:
    """Return the checked values; None for an optional input that no row has."""
    type_ = value_type(one.type)
    if are_doubles(type_, column.values):
        return column.values
    if not one.required and all(v is None or v is _MISSING for v in column.values):
        return None
    found: list[Any] = []
    for row, value in enumerate(column.values):
        if value is _MISSING or value is None:
            problem = _absence(one, value)
            if problem:
                violations.append(Violation(column.field(row), problem, row, one.name))
            found.append(None)
            continue
        try:
            found.append(conforming(type_, value))
        except MismatchError as error:
            field = f"{column.field(row)}{error.path}"
            violations.append(Violation(field, str(error), row, one.name))
    return found


def _absence(one: ModelInput, value: Any) -> str:
    """Return the reason why a row must have this input; empty if it need not."""
    if one.required:
        return "is required" if value is _MISSING else "must not be null"
    if one.type not in _NULLABLE:
        return f"must be in all rows or in none: a column of {one.type} has no null"
    return ""


def _sent(
    body: PredictionBody, inputs: Sequence[ModelInput]
) -> tuple[Mapping[str, _Column], int]:
    """Return the columns that a body has, in any form, and the number of rows."""
    content, key = body.content, body.form.value
    match body.form:
        case BodyForm.PLATFORM:
            row = _object(content, "inputs")
            return {n: _Column([v], f"inputs.{shown(n)}") for n, v in row.items()}, 1
        case BodyForm.RECORDS:
            return _records(_list(content, key), key)
        case BodyForm.SPLIT:
            return _split(_object(content, key))
        case BodyForm.INPUTS if isinstance(content, dict):
            return _named_columns(content)
        case BodyForm.INSTANCES | BodyForm.INPUTS:
            rows = _list(content, key)
            if rows and all(isinstance(row, dict) for row in rows):
                return _records(rows, key)
            return _positional(rows, inputs, key)


def _records(rows: Sequence[Any], key: str) -> tuple[Mapping[str, _Column], int]:
    for number, row in enumerate(rows):
        _object(row, f"{key}[{number}]")
    names = dict.fromkeys(name for row in rows for name in row)
    return {
        name: _Column(
            [row.get(name, _MISSING) for row in rows], f"{key}[{{}}].{shown(name)}"
        )
        for name in names
    }, len(rows)


def _split(content: Mapping[str, Any]) -> tuple[Mapping[str, _Column], int]:
    key = BodyForm.SPLIT.value
    for name in content:
        if name not in {"columns", "data", "index"}:
            refuse(f"{key}.{shown(name)}", "is not supported")
    names = _list(content.get("columns"), f"{key}.columns")
    if not all(isinstance(name, str) for name in names):
        refuse(f"{key}.columns", "must be an array of strings")
    if len(set(names)) != len(names):
        refuse(f"{key}.columns", "must name each column once")
    rows = _list(content.get("data"), f"{key}.data")
    _same_lengths(rows, len(names), f"{key}.data")
    return {
        name: _Column([row[at] for row in rows], f"{key}.data[{{}}][{at}]")
        for at, name in enumerate(names)
    }, len(rows)


def _named_columns(content: Mapping[str, Any]) -> tuple[Mapping[str, _Column], int]:
    columns = {
        name: _Column(
            _list(values, f"inputs.{shown(name)}"), f"inputs.{shown(name)}[{{}}]"
        )
        for name, values in content.items()
    }
    lengths = {len(column.values) for column in columns.values()}
    if len(lengths) != 1:
        refuse("inputs", "must have columns of equal length")
    return columns, lengths.pop()


def _positional(
    rows: Sequence[Any], inputs: Sequence[ModelInput], key: str
) -> tuple[Mapping[str, _Column], int]:
    """Return the columns of rows without names; a lone value may be a row."""
    names = [one.name for one in inputs]
    if len(names) == 1 and not _are_single_scalars(rows, inputs[0]):
        return {names[0]: _Column(rows, f"{key}[{{}}]")}, len(rows)
    _same_lengths(rows, len(names), key)
    return {
        name: _Column([row[at] for row in rows], f"{key}[{{}}][{at}]")
        for at, name in enumerate(names)
    }, len(rows)


def _are_single_scalars(rows: Sequence[Any], one: ModelInput) -> bool:
    """Return True if each row is an array of the one scalar that a model has."""
    is_scalar = isinstance(value_type(one.type), ScalarType)
    return is_scalar and all(isinstance(r, list) and len(r) == 1 for r in rows)


def _same_lengths(rows: Iterable[Any], length: int, key: str) -> None:
    for number, row in enumerate(rows):
        found = _list(row, f"{key}[{number}]")
        if len(found) != length:
            msg = f"must have {length} values, not {len(found)}"
            raise InputError((Violation(f"{key}[{number}]", msg, number),))


def _list(value: Any, field: str) -> Sequence[Any]:
    if not isinstance(value, list):
        refuse(field, "must be an array")
    return value


def _object(value: Any, field: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        refuse(field, "must be an object")
    return value
