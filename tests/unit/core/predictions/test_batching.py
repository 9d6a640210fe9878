"""Batches: only of models that predict a row alike, alone and with others."""

from itertools import count

import pytest

from controller.core.predictions.batching import batching_obstacle, is_close, sliced
from controller.core.predictions.rows import ModelRows

TWO = ModelRows({"x": [1.0, 5.0]}, 2)
ONE = ModelRows({"x": [1.0]}, 1)
DRAWN = count()


def double(rows):
    return [x * 2 for x in rows.columns["x"]]


def normalized(rows):
    mean = sum(rows.columns["x"]) / rows.count
    return [x - mean for x in rows.columns["x"]]


def fragile(rows):
    if rows.count > 1:
        msg = "one row only"
        raise ValueError(msg)
    return double(rows)


@pytest.mark.parametrize("example", [ONE, TWO, ModelRows({"x": [1.0, 1.0]}, 2)])
def test_independent_rows_are_joined(example):
    assert batching_obstacle(double, example) == ""


@pytest.mark.parametrize("example", [ONE, TWO])
@pytest.mark.parametrize(
    "predict",
    [
        normalized,
        fragile,
        lambda rows: [next(DRAWN) for _ in range(rows.count)],
        lambda rows: sum(double(rows)),
        lambda rows: [sum(double(rows))],
        lambda rows: {"sum": 1},
        lambda rows: [x * n for n, x in enumerate(double(rows))],
    ],
)
def test_other_models_get_each_request_by_itself(predict, example):
    assert batching_obstacle(predict, example) != ""


def test_a_row_that_cannot_be_varied_proves_nothing():
    assert batching_obstacle(
        lambda rows: ["a"] * rows.count, ModelRows({"x": ["a"]}, 1)
    )


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (1.0, 1.0 + 1e-9, True),
        (1.0, 1.1, False),
        (float("nan"), float("nan"), True),
        (float("nan"), 1.0, False),
        (True, 1, False),
        ("a", "a", True),
        ([1.0, [2]], [1.0, [2]], True),
        ([1.0], [1.0, 2.0], False),
        ({"a": 1.0}, {"a": 1.0}, True),
        ({"a": 1.0}, {"b": 1.0}, False),
    ],
)
def test_predictions_are_compared_by_value(one, other, equal):
    assert is_close(one, other) is equal


def test_predictions_of_joined_rows_are_sliced_by_part():
    assert sliced([1, 2, 3], [1, 2]) == [[1], [2, 3]]
