"""Text from outside is printed without control characters and without endless values."""

import pytest

from controller.core.errors import Diagnostic, SourcePosition
from controller.core.values.printable import printable, shortened


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("a\x1b[31mb", r"a\u001b[31mb", id="colour"),
        pytest.param("a\rb\x00\x9b\x7f", r"a\u000db\u0000\u009b\u007f", id="controls"),
        pytest.param("a\u202eb\u2028", r"a\u202eb\u2028", id="direction and separator"),
        pytest.param("\ud800", r"\ud800", id="lone surrogate"),
        pytest.param("é\tß\n→ 日本", "é\tß\n→ 日本", id="text stays"),
    ],
)
def test_control_characters_are_escaped(text, shown):
    assert printable(text) == shown


@pytest.mark.parametrize(
    ("text", "longest"),
    [
        pytest.param("is '" + "x" * 200_000 + "', not a number", 150, id="one value"),
        pytest.param("word " * 40_000, 150, id="many words"),
        pytest.param("must be at least 1, not 0", 25, id="short text stays"),
    ],
)
def test_long_values_are_shortened(text, longest):
    assert len(shortened(text)) <= longest


def test_a_shortened_value_shows_its_ends_and_its_length():
    text = shortened("is " + "a" * 300 + "z")

    assert text.startswith("is aaaa")
    assert text.endswith("az (301 characters)")


def test_a_diagnostic_holds_no_control_character_and_no_endless_value():
    place = SourcePosition("a.yaml", 1, 1)

    found = Diagnostic(place, "services.a\x1b[0m", "\x07 " + "x" * 9_000, "y" * 9_000)

    assert "\x1b" not in str(found)
    assert "\x07" not in str(found)
    assert len(str(found)) < 400
