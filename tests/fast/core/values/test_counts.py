"""Counts in messages."""

import pytest

from controller.core.values.counts import counted


@pytest.mark.parametrize(
    ("number", "noun", "text"),
    [
        (0, ("service",), "0 services"),
        (1, ("service",), "1 service"),
        (2, ("service",), "2 services"),
        (1, ("registry", "registries"), "1 registry"),
        (2, ("registry", "registries"), "2 registries"),
    ],
)
def test_the_noun_agrees_with_the_number(number, noun, text):
    assert counted(number, *noun) == text
