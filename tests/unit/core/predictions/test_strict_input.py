"""Strict input: each value that a signature does not permit, by row and column."""

import json

import pytest

from controller.core.models.signature import signature_of
from controller.core.predictions.body import BodyForm, prediction_body
from controller.core.predictions.rows import ModelRows, model_rows
from controller.core.predictions.violations import InputError


def signature(*columns, optional=()):
    """Return the signature of columns, as ``name:type``."""
    named = [column.split(":") for column in columns]
    return signature_of(
        json.dumps(
            [{"name": n, "type": t, "required": n not in optional} for n, t in named]
        )
    )


LEADS = signature("amount:double", "visits:long", "is_new:boolean", "city:string")
GOOD = {"amount": 1.5, "visits": 3, "is_new": True, "city": "Oslo"}


def violations(row, of=LEADS, after=()):
    """Return the violations of a record after good ones."""
    body = prediction_body({"dataframe_records": [*after, row]})
    with pytest.raises(InputError) as caught:
        model_rows(body, of)
    return [(v.row, v.column, v.message) for v in caught.value.violations]


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("amount", None, "must not be null"),
        ("amount", float("nan"), "must be a finite number"),
        ("amount", float("inf"), "must be a finite number"),
        ("amount", 10**400, "must be a finite number"),
        ("amount", 2**53 + 1, "a double represents exactly"),
        ("amount", "1.5", "must be a number, not a string"),
        ("amount", True, "must be a number, not a boolean"),
        ("amount", [1.5], "must be a number, not an array"),
        ("visits", 3.0, "must be an integer, not a number"),
        ("visits", True, "must be an integer, not a boolean"),
        ("visits", "3", "must be an integer, not a string"),
        ("visits", 2**63, "must be between"),
        ("is_new", 1, "must be a boolean, not an integer"),
        ("is_new", "true", "must be a boolean, not a string"),
        ("city", 7, "must be a string, not an integer"),
        ("city", {"a": 1}, "must be a string, not an object"),
    ],
)
def test_a_wrong_value_is_named_by_row_and_column(column, value, message):
    found = violations({**GOOD, column: value}, after=[GOOD, GOOD])

    assert [(row, name) for row, name, _ in found] == [(2, column)]
    assert message in found[0][2]


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("integer", 2**31),
        ("integer", -(2**31) - 1),
        ("float", 1e39),
        ("float", 2**24 + 1),
        ("datetime", "yesterday"),
        ("datetime", 5),
        ("binary", "not base64!"),
    ],
)
def test_a_value_out_of_the_range_of_its_type_is_refused(type_, value):
    assert violations({"x": value}, signature(f"x:{type_}"))[0][:2] == (0, "x")


@pytest.mark.parametrize("value", [2**53, -(2**53), 2**60, 0, -0.0, 1e308])
def test_numbers_that_a_double_represents_are_accepted(value):
    body = prediction_body({"inputs": {"x": value}})

    assert model_rows(body, signature("x:double")).columns == {"x": [float(value)]}


def test_missing_and_extra_columns_are_named():
    row = {k: v for k, v in GOOD.items() if k != "city"} | {"town": "Oslo"}

    assert violations(row) == [
        (None, "town", "is not an input of the model"),
        (None, "city", "is required"),
    ]


def test_a_column_that_one_row_lacks_is_named_with_the_row():
    row = {k: v for k, v in GOOD.items() if k != "city"}

    assert violations(row, after=[GOOD]) == [(1, "city", "is required")]


def test_all_violations_are_found_and_the_first_are_listed():
    records = [{"x": "a"} for _ in range(50)]
    body = prediction_body({"dataframe_records": records})

    with pytest.raises(InputError) as caught:
        model_rows(body, signature("x:double"))

    assert caught.value.total == 50
    assert [v.row for v in caught.value.violations] == list(range(20))


def test_values_of_the_caller_are_in_no_message():
    row = {**GOOD, "amount": "secret-1", "visits": "secret-2", "city": ["secret-3"]}

    assert "secret" not in str(violations(row))


def test_names_of_the_caller_are_short_and_printable():
    found = violations({**GOOD, "\x1b[31m" + "x" * 500: 1})

    assert len(found[0][1]) == 64
    assert found[0][1].isprintable()


def test_an_optional_column_may_be_absent_or_null():
    of = signature("x:double", "note:string", "n:long", optional=("note", "n"))
    body = prediction_body(
        {"dataframe_records": [{"x": 1.0, "note": "a"}, {"x": 2.0, "note": None}]}
    )

    assert model_rows(body, of).columns == {"x": [1.0, 2.0], "note": ["a", None]}
    assert "has no null" in violations({"x": 1.0}, of, after=[{"x": 1.0, "n": 1}])[0][2]


EQUAL = {
    "platform": {"inputs": {"x": 1.5, "n": 2}},
    "with options": {"inputs": {"x": 1.5, "n": 2}, "options": {}},
    "records": {"dataframe_records": [{"x": 1.5, "n": 2}]},
    "split": {"dataframe_split": {"columns": ["n", "x"], "data": [[2, 1.5]]}},
    "instances": {"instances": [{"x": 1.5, "n": 2}]},
    "positional instances": {"instances": [[1.5, 2]]},
    "inputs": {"inputs": {"x": [1.5], "n": [2]}},
    "positional inputs": {"inputs": [[1.5, 2]]},
}


@pytest.mark.parametrize("sent", EQUAL.values(), ids=EQUAL.keys())
def test_every_form_has_the_same_rows(sent):
    of = signature("x:double", "n:long")

    assert model_rows(prediction_body(sent), of) == ModelRows({"x": [1.5], "n": [2]}, 1)


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ([], "body"),
        ({}, "body"),
        ({"rows": [1]}, "body"),
        ({"instances": [1], "inputs": [1]}, "body"),
        ({"instances": [1], "params": {}}, "params"),
        ({"inputs": {"x": 1}, "extra": 1}, "extra"),
        ({"inputs": [1], "options": {}}, "inputs"),
        ({"inputs": {}, "options": []}, None),
        ({"inputs": {"x": 1}, "options": {"region": "eu"}}, "options.region"),
        (
            {"inputs": {"x": 1}, "options": {"model_version": -1}},
            "options.model_version",
        ),
        (
            {"inputs": {"x": 1}, "options": {"inference_method": "api"}},
            "options.inference_method",
        ),
        ({"dataframe_records": {}}, "dataframe_records"),
        ({"dataframe_records": []}, "body"),
        ({"dataframe_records": [1]}, "dataframe_records[0]"),
        (
            {"dataframe_split": {"columns": ["x"], "data": [[1, 2]]}},
            "dataframe_split.data[0]",
        ),
        (
            {"dataframe_split": {"columns": ["x", "x"], "data": []}},
            "dataframe_split.columns",
        ),
        ({"dataframe_split": {"data": []}}, "dataframe_split.columns"),
        ({"inputs": {"x": [1], "n": [1, 2]}}, "inputs"),
        ({"instances": [[1.0], 2]}, "instances[0]"),
        ({"instances": 5}, "instances"),
    ],
)
def test_a_body_of_no_form_is_refused_with_the_path(sent, field):
    with pytest.raises(InputError) as caught:
        model_rows(prediction_body(sent), signature("x:double", "n:long"))

    assert field in {None, caught.value.violations[0].field}


def test_columns_of_arrays_are_one_row_with_options():
    of = signature_of(
        '[{"name": "x", "type": "array", "items": {"type": "double"}, "required": true}]'
    )
    sent = {"inputs": {"x": [1.0, 2.0]}, "options": {}}

    body = prediction_body(sent)

    assert body.form is BodyForm.PLATFORM
    assert model_rows(body, of).columns == {"x": [[1.0, 2.0]]}


def tensor(shape, dtype="float64", **name):
    spec = {"type": "tensor", "tensor-spec": {"dtype": dtype, "shape": shape}}
    return signature_of(json.dumps([{**spec, **name}]))


def test_a_tensor_without_a_name_has_rows():
    body = prediction_body({"instances": [[1.0, 2.0], [3, 4.0]]})

    rows = model_rows(body, tensor([-1, 2]))

    assert rows == ModelRows({"[0]": [[1.0, 2.0], [3.0, 4.0]]}, 2)


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ([1.0], "instances[1]"),
        ([1.0, "2"], "instances[1][1]"),
        ([1.0, [2.0]], "instances[1][1]"),
        (1.0, "instances[1]"),
    ],
)
def test_an_element_of_a_tensor_is_named_by_its_path(row, field):
    body = prediction_body({"instances": [[1.0, 2.0], row]})

    with pytest.raises(InputError) as caught:
        model_rows(body, tensor([-1, 2]))

    assert caught.value.violations[0].field == field
    assert caught.value.violations[0].row == 1


def test_properties_of_objects_are_checked():
    of = signature_of(
        json.dumps(
            [
                {
                    "name": "lead",
                    "type": "object",
                    "properties": {
                        "age": {"type": "long", "required": True},
                        "tags": {
                            "type": "map",
                            "values": {"type": "string"},
                            "required": False,
                        },
                    },
                    "required": True,
                }
            ]
        )
    )

    assert violations({"lead": {"age": 1, "tags": {"a": 2}}}, of)[0][1] == "lead"
    assert violations({"lead": {}}, of)[0][2] == "is required"
    assert "no properties" in violations({"lead": {"age": 1, "b": 2}}, of)[0][2]
    body = prediction_body({"dataframe_records": [{"lead": {"age": 1}}]})
    assert model_rows(body, of).columns == {"lead": [{"age": 1}]}


def test_joined_rows_are_in_order():
    parts = [ModelRows({"x": [n, n + 1]}, 2) for n in (1, 3)]

    assert ModelRows.joined(parts) == ModelRows({"x": [1, 2, 3, 4]}, 4)
    assert ModelRows.joined(parts).single_rows()[3] == ModelRows({"x": [4]}, 1)
    assert not parts[0].can_join(ModelRows({"y": [1]}, 1))


@pytest.mark.parametrize("rows", [[1.0, 2.0], [[1.0], [2.0]]])
def test_rows_of_one_column_are_values_or_arrays_of_one(rows):
    body = prediction_body({"instances": rows})

    assert model_rows(body, signature("x:double")).columns == {"x": [1.0, 2.0]}
