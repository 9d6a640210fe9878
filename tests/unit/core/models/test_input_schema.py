"""JSON Schema of the input of a model."""

import json

import pytest
from jsonschema import Draft202012Validator

from controller.core.models.input_schema import DIALECT, input_schema
from controller.core.models.signature import signature_of

COLUMNS = [
    {"name": "amount", "type": "double", "required": True},
    {"name": "count", "type": "integer", "required": False},
    {"name": "id", "type": "long"},
    {"name": "active", "type": "boolean", "required": False},
    {"name": "when", "type": "datetime", "optional": True},
    {"name": "tags", "type": "array", "items": {"type": "string"}, "required": False},
    {
        "name": "owner",
        "type": "object",
        "properties": {
            "name": {"type": "string", "required": True},
            "age": {"type": "long", "required": False},
        },
        "required": False,
    },
    {"name": "scores", "type": "map", "values": {"type": "double"}, "required": False},
]
ROW = {"amount": 1.5, "id": 7}


def schema_of(*inputs):
    schema = input_schema(signature_of(json.dumps(inputs)))
    Draft202012Validator.check_schema(schema)
    return schema


@pytest.mark.parametrize(
    ("change", "is_valid"),
    [
        ({}, True),
        ({"amount": 1}, True),
        ({"amount": "1"}, False),
        ({"amount": None}, False),
        ({"count": 2**31}, False),
        ({"count": -(2**31)}, True),
        ({"id": 2**63}, False),
        ({"id": 1.5}, False),
        ({"active": 1}, False),
        ({"tags": ["a", "b"]}, True),
        ({"tags": ["a", 1]}, False),
        ({"owner": {"name": "ada"}}, True),
        ({"owner": {"age": 3}}, False),
        ({"scores": {"a": 1.0}}, True),
        ({"scores": {"a": "1"}}, False),
    ],
)
def test_a_row_is_valid_as_the_signature_says(change, is_valid):
    validator = Draft202012Validator(schema_of(*COLUMNS))

    assert validator.is_valid(ROW | change) is is_valid


def test_required_columns_are_required():
    schema = schema_of(*COLUMNS)

    assert schema["$schema"] == DIALECT
    assert schema["required"] == ["amount", "id"]


@pytest.mark.parametrize(
    ("value", "is_valid"),
    [
        ([[1, 2], [3, 4], [5, 6]], True),
        ([[1, 2, 3]], False),
        ([1, 2], False),
        ([], True),
    ],
)
def test_an_unnamed_tensor_is_nested_arrays_of_its_shape(value, is_valid):
    tensor = {"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 2]}}

    assert Draft202012Validator(schema_of(tensor)).is_valid(value) is is_valid


def test_a_named_tensor_is_a_property():
    tensor = {"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1]}}

    schema = schema_of({"name": "pixels", **tensor})

    assert schema["properties"] == {"pixels": {"type": "array"}}


def test_an_unknown_type_is_not_restricted():
    schema = schema_of({"name": "one", "type": "image"})

    assert schema["properties"] == {"one": {}}
