"""Proof that a model predicts the rows of a batch as it predicts each row alone.

Not every model does: one that normalizes over its input, or that draws, gives each
caller of a batch the answer to another question.
"""

from collections.abc import Callable, Sequence
from math import isclose, isnan
from typing import Any

from controller.core.predictions.rows import ModelRows

Predict = Callable[[ModelRows], Any]
# Linear algebra sums a batch in another order than a row.
_RELATIVE, _ABSOLUTE = 1e-6, 1e-9
_VARIANTS = 3


def batching_obstacle(predict: Predict, example: ModelRows) -> str:
    """Return the reason why rows of several callers cannot be joined; empty if they can.

    Args:
        predict: Predicts rows; called a few times. It may raise.
        example: Rows that the model accepts, as from its input example.
    """
    rows = _varied(example)
    if rows.count == 1:
        return "the input example has one row that cannot be varied"
    try:
        alone = [predict(row) for row in rows.single_rows()]
        for order in (1, -1):
            parts = rows.single_rows()[::order]
            together = predict(ModelRows.joined(parts))
            if not isinstance(together, list) or len(together) != rows.count:
                return "the model has not one prediction for each row"
            for single, shared in zip(alone[::order], together, strict=True):
                if not isinstance(single, list) or not is_close(single, [shared]):
                    return "a row of a batch has another prediction than the row alone"
    except Exception:  # noqa: BLE001 - a model raises anything
        return "a batch of varied rows fails"
    return ""


def is_close(one: Any, other: Any) -> bool:
    """Return True if two predictions are equal, numbers up to the order of sums."""
    match one, other:
        case (bool(), _) | (_, bool()):
            return one is other
        case (int() | float(), int() | float()):
            if isnan(one) or isnan(other):
                return isnan(one) and isnan(other)
            return isclose(one, other, rel_tol=_RELATIVE, abs_tol=_ABSOLUTE)
        case [*_], [*_]:
            return len(one) == len(other) and all(map(is_close, one, other))
        case dict(), dict():
            return one.keys() == other.keys() and all(
                is_close(one[key], other[key]) for key in one
            )
        case _:
            return bool(one == other)


def _varied(example: ModelRows) -> ModelRows:
    """Return rows that differ: those of the example, or its first one varied."""
    distinct = {repr(row.columns) for row in example.single_rows()}
    if len(distinct) > 1:
        return example
    first = example.single_rows()[0]
    columns = {
        name: [_variant(values[0], n) for n in range(_VARIANTS)]
        for name, values in first.columns.items()
    }
    if all(values[0] == values[1] for values in columns.values()):
        return first
    return ModelRows(columns, _VARIANTS)


def _variant(value: Any, number: int) -> Any:
    """Return a value of the same type that differs, if there is an obvious one."""
    match value:
        case bool():
            return value if number % 2 == 0 else not value
        case float():
            return value + number * (1.0 + abs(value))
        case [*items]:
            return [_variant(item, number) for item in items]
        case _:
            # Other integers may be no valid category.
            return value


def sliced(predictions: Any, counts: Sequence[int]) -> list[Any]:
    """Return the predictions of each part of joined rows."""
    found, start = [], 0
    for count in counts:
        found.append(predictions[start : start + count])
        start += count
    return found
