"""Symbols of tokens."""

import pytest

from controller.core.models.tokens import LONGEST_SYMBOL, token_symbol


@pytest.mark.parametrize("text", ["lscor", "A", "a-1", "X" * LONGEST_SYMBOL])
def test_a_symbol_is_stored_in_upper_case(text):
    assert token_symbol(text) == text.upper()


@pytest.mark.parametrize("text", ["", "-a", "a-", "a b", "é", "X" * 65])
def test_other_text_is_no_symbol(text):
    with pytest.raises(ValueError, match="is not a token symbol"):
        token_symbol(text)
