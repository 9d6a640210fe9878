"""What YAML is read as, where each value stands, and what is refused."""

import math
from datetime import date

import pytest

from controller.core.errors import SpecError
from controller.spec.node import dotted
from controller.spec.parser import DEEPEST, MOST_REPEATED, parse
from controller.spec.text import LARGEST, decode


def read(text):
    """Return the value of ``text``, and what was said about it."""
    found = []
    node = parse(text, "f", found)
    return node and node.plain(), [str(problem) for problem in found]


def refusal(text):
    """Return why ``text`` cannot be read."""
    with pytest.raises(SpecError) as refused:
        parse(text if isinstance(text, str) else decode(text, "f"), "f", [])
    return str(refused.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5000", 5000),
        ("-1", -1),
        ("0x1F", 31),
        ("9223372036854775808", 2**63),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("09", "09"),
        (".5", 0.5),
        ("-.inf", -math.inf),
        ("yes", True),
        ("on", True),
        ("Off", False),
        ("~", None),
        ("", None),
        ("null", None),
        ("2026-01-31", date(2026, 1, 31)),
        ("'5000'", "5000"),
        ("!!str 5000", "5000"),
        ("hokusai/api:latest", "hokusai/api:latest"),
        ("|\n  a\n  b\n", "a\nb\n"),
    ],
)
def test_a_scalar_is_read_as_both_versions_of_yaml_read_it(text, value):
    assert read(f"a: {text}") == ({"a": value}, [])


@pytest.mark.parametrize("text", ["0777", "1:30", "1_000", "0b11", "1:30.5", "0o17"])
def test_a_number_that_the_versions_of_yaml_read_differently_stays_text(text):
    assert read(f"a: {text}") == ({"a": text}, [])


def test_not_a_number_is_read():
    value, _ = read("a: .nan")

    assert math.isnan(value["a"])


def test_places_are_those_of_scalars_and_of_the_keys_of_the_rest():
    node = parse("a:\n  b: [x, {c: y}]\n", "f", [])
    assert node is not None

    places = {dotted(path): str(found.place) for path, found in node.scalars()}

    assert places == {"a.b[0]": "f:2:7", "a.b[1].c": "f:2:14"}
    assert str(node.nearest(("a",)).place) == "f:1:1"
    assert str(node.nearest(("a", "b")).place) == "f:2:3"
    assert str(node.nearest(("a", "b", 7, "x")).place) == "f:2:3"


def test_columns_count_characters_not_bytes():
    node = parse("é: {ü: x}\n", "f", [])
    assert node is not None

    assert str(node.nearest(("é", "ü")).place) == "f:1:8"


def test_merge_keys_add_what_is_not_there():
    value, told = read(
        "x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz:\n  <<: [*x, *y]\n  a: 0\n"
    )

    assert value["z"] == {"a": 0, "b": 1, "c": 2}
    assert told == []


def test_a_merge_key_wins_nothing_wherever_it_stands():
    value, _ = read("x: &x {a: 1}\ny: {a: 0, <<: *x}\n")

    assert value["y"] == {"a": 0}


def test_an_alias_is_at_the_key_where_it_is_used():
    node = parse("a: &a {b: 1}\nc: *a\n", "f", [])
    assert node is not None

    assert str(node.nearest(("c",)).place) == "f:2:1"
    assert str(node.nearest(("c", "b")).place) == "f:1:11"


def test_a_key_written_twice_keeps_the_first():
    assert read("a: 1\nb: 2\na: 3\n") == (
        {"a": 1, "b": 2},
        ["f:3:1: the key `a` is written twice, first in line 1; keep one of them"],
    )


@pytest.mark.parametrize("key", ["443", "yes", "~", "1.5", "2026-01-31"])
def test_a_key_that_is_not_text_is_to_be_quoted(key):
    _, told = read(f"{key}: x")

    assert told == [f'f:1:1: the key {key} is not text; quote it: "{key}"']


def test_a_mapping_as_a_key_is_refused():
    _, told = read("? {a: b}\n: c\n")

    assert told == ["f:1:3: a key must be text, not a mapping or a list"]


def test_aliases_may_repeat_much_but_not_multiply():
    many = ", ".join(["*a"] * 1000)
    bomb = "a: &a [" + ", ".join("x" * 200) + "]\n" + f"b: [{many}]\n"

    assert f"more than {MOST_REPEATED}" in refusal(bomb)
    assert read("a: &a [x]\nb: [" + many + "]\n")[1] == []


def test_nesting_ends_somewhere():
    assert read("[" * DEEPEST + "]" * DEEPEST)[1] == []
    assert refusal("[" * 100_000) == f"f:1:65: is nested more than {DEEPEST} deep"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: *b", "f:1:4: has an alias to *b, which is not complete before it"),
        ("a: &a [*a]", "f:1:8: has an alias to *a, which is not complete before it"),
        ("a: 1\n---\nb: 2", "f:2:1: starts a second document"),
        ("a:\n\tb: 1", "f:2:1: has a tab where YAML wants spaces"),
        ("a: b: c", "f:1:5: is not valid YAML: a second `:` in one line"),
        ("a: @x", "f:1:4: is not valid YAML: text cannot start with @"),
        ("a: [1", "f:2:1: is not valid YAML: while parsing a flow sequence"),
        (b"\xff\xfea\x00", "f:1:1: is UTF-16"),
        (b"\xef\xbb\xbfa: 1", "f:1:1: starts with a byte order mark"),
        (b"a: 1\nb: \xe9", "f:2:4: is not UTF-8"),
        (b"a: \x00", "f:1:4: contains the control character U+0000"),
        (b" " * (LARGEST + 1), "f:1:1: has 10485761 bytes"),
    ],
    ids=lambda value: str(value)[:12],
)
def test_what_cannot_be_read_is_refused_with_its_place(text, told):
    assert refusal(text).startswith(told)


@pytest.mark.parametrize("tag", ["!Ref", "!!python/object:os.system", "!!set"])
def test_tags_are_not_obeyed(tag):
    _, told = read(f"a: {tag} {{x: y}}")

    assert told == [f"f:1:4: has the tag {tag}; remove the tag"]


def test_a_number_too_long_for_python_is_a_problem_not_a_crash():
    value, told = read("a: " + "9" * 5000)

    assert value == {"a": "9" * 5000}
    assert told == ["f:1:4: the number has too many digits; quote it or correct it"]


def test_a_text_without_a_value_has_none():
    assert read("# only a comment\n") == (None, [])
