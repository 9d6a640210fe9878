"""Signatures in the words of MLmodel files."""

import pytest

from controller.core.models.signature import (
    ModelInput,
    ModelSignature,
    UnreadableSignature,
    incompatibility,
    signature_of,
)


def test_columns_have_names_types_and_are_required_unless_they_say_so():
    found = signature_of(
        '[{"type": "double", "name": "a"},'
        ' {"type": "long", "name": "b", "required": false},'
        ' {"type": "long", "name": "c", "optional": true}]'
    )

    assert found == ModelSignature(
        (
            ModelInput("a", "double", True),
            ModelInput("b", "long", False),
            ModelInput("c", "long", False),
        )
    )


def test_an_unnamed_tensor_is_compared_by_its_position_and_whole_type():
    tensor = (
        '[{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, %d]}}]'
    )
    four, five = signature_of(tensor % 4), signature_of(tensor % 5)

    assert incompatibility(four, four) == ""
    assert incompatibility(four, five).startswith("[0] is ")


@pytest.mark.parametrize(
    "text", ["", "{", "null", "3", '["a"]', "[[]]", '[{"name": 1}]']
)
def test_text_that_is_no_list_of_inputs_is_unreadable(text):
    assert isinstance(signature_of(text), UnreadableSignature)
