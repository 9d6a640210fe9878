"""What is true of every document."""

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from controller.core.errors import Diagnostic, SpecError
from controller.spec.node import Node
from controller.spec.overlay import overlaid, without_nulls
from controller.spec.parser import parse
from controller.spec.schema import document_model, document_schema
from tests.builders.documents import HEADER, KINDS, document

MODEL = document_model(KINDS)
VALIDATOR = Draft202012Validator(document_schema(KINDS))

words = st.text("abcz-_019. :é'\"#{}[]*&!|>%@`,?\n", max_size=8)
# Few, so that documents laid over each other meet.
keys = st.sampled_from(["a", "b", "yes", "10"])
scalars = st.none() | st.booleans() | st.integers() | words | st.floats(-1e9, 1e9)
plain = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3)
    ),
    max_leaves=8,
)
mappings = st.dictionaries(keys, plain, max_size=4)
sections = st.dictionaries(
    keys, st.dictionaries(keys, words | st.lists(words, max_size=2), max_size=3)
)


def node_of(value: object) -> Node:
    """Return ``value`` as if it had been read from a file."""
    match value:
        case dict():
            made: Any = {key: node_of(item) for key, item in value.items()}
        case list():
            made = [node_of(item) for item in value]
        case _:
            made = value
    return Node(made, "", "f", 1, 1)


def merged(base: object, over: object) -> object:
    """Return the plain value of ``base`` with ``over`` on it."""
    return overlaid(node_of(base), node_of(over)).plain()


@given(mappings)
def test_what_is_written_is_read(value):
    text = yaml.safe_dump(value, allow_unicode=True)

    found: list[Diagnostic] = []
    node = parse(text, "f", found)

    assert node is not None
    assert node.plain() == value
    assert found == []


@given(mappings)
def test_an_empty_overlay_changes_nothing(base):
    assert merged(base, {}) == base


@given(mappings, mappings)
def test_an_overlay_twice_is_an_overlay_once(base, over):
    once = merged(base, over)

    assert merged(once, over) == once


@given(mappings, mappings)
def test_an_overlay_wins_and_leaves_the_rest(base, over):
    result = merged(base, over)
    assert isinstance(result, dict)

    for key in base.keys() | over.keys():
        if key not in over:
            assert result[key] == base[key]
        elif over[key] is None:
            assert key not in result
        elif not (isinstance(over[key], dict) and isinstance(base.get(key), dict)):
            assert result[key] == without_nulls(node_of(over[key])).plain()


@given(sections, sections, sections)
def test_overlays_of_one_shape_can_be_laid_in_any_grouping(first, second, third):
    a, b, c = (node_of(value) for value in (first, second, third))

    left = overlaid(overlaid(a, b), c).plain()
    right = overlaid(a, overlaid(b, c)).plain()

    assert left == right


fragments = st.sampled_from(
    [
        HEADER,
        "services:\n  api:\n    image: a\n",
        "    depends_on: [service/api]\n",
        "    port: 8001\n",
        "models: {m: {versions: [{select: {experiment: e, metric: f1}}]}}\n",
        "experiments: &e {e: {}}\n",
        "  <<: *e\n",
        "include: [hokusai.yaml]\n",
        "local: {tasks: [{name: t, image: i, after: service/api}]}\n",
        "webhooks: {w: {url: 'https://h', secrets: [{env: S}]}}\n",
        "endpoints:\n  e: {host: h, port: 443}\n",
        "- ",
        "? ",
        "--- ",
        ": ",
        "null",
        "!!binary ",
        "\t",
        "9" * 30,
        ".nan",
        "2026-02-30",
    ]
)


def diagnostics_of(text: str) -> tuple[Diagnostic, ...]:
    """Return what is said of ``text``; nothing if it is valid."""
    try:
        document(text, header="")
    except SpecError as error:
        return error.diagnostics
    return ()


@settings(max_examples=100)
@given(st.lists(fragments | words | st.text(max_size=5), max_size=8).map("".join))
def test_no_text_raises_anything_but_diagnostics(text):
    told = diagnostics_of(text)

    assert all(d.place.line >= 1 and d.problem for d in told)


values = st.sampled_from(
    [
        None, True, 0, 1, 2**31, -1, 0.5, "", "a", "a b", "api", "/a", "https://h/x",
        "1 GB", "30s", "production", "latest", "2026-01-31", "A-1", [], ["a"], {},
        {"a": "b"}, [{"env": "S"}], {"path": "/health"}, {"path": "/", "interval": 0}, {"path": "/", "interval": "1m"},
        {"A": "x"}, {"a": 1},
        [{"select": {"experiment": "e", "metric": "m"}}], {"ssm": "/a"},
        {"env": "A"}, {"env": "A", "ssm": "/a"}, {"A": {"ssm": "/a"}}, ["service/api"],
    ]
)  # fmt: skip
# What a schema cannot say: rules between fields, and what two spellings mean.
BEYOND_SCHEMA = frozenset({"rule", "value_error"})


@st.composite
def entries(draw):
    """Draw a section and an entry that is nearly right."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    fields = [*KINDS[kind].spec.model_fields, "depends_on", "mode", "adopt", "unknown"]
    base = {
        "service": {"image": "a", "port": 8001},
        "endpoint": {"host": "h", "port": 80},
        "webhook": {"url": "https://h/x", "secrets": [{"env": "S"}]},
    }.get(kind, {})
    changed = draw(st.dictionaries(st.sampled_from(fields), values, max_size=3))
    return KINDS[kind].section, base | changed


HEAD = yaml.safe_load(HEADER)
DERIVED = {
    *("owner", "region", "account", "namespace", "target_group", "load_balancer"),
}


def kinds_of_errors(value: dict[str, Any]) -> set[str]:
    """Return what pydantic finds wrong with ``value``, by its names for it."""
    try:
        MODEL.model_validate(value)
    except ValidationError as error:
        return {found["type"] for found in error.errors()}
    return set()


# Alternatives, each beside another one that is null.
NULLS = (
    (
        "webhooks",
        {"url": "https://h/x", "secrets": [{"env": "S"}], "eventbridge": None},
    ),
    ("webhooks", {"sqs": {"queue": "q"}, "url": None, "eventbridge": None}),
    ("webhooks", {"url": "https://h/x", "secrets": [{"env": "S", "ssm": None}]}),
    ("services", {"image": "a", "secrets": {"A": {"ssm": "/a", "env": None}}}),
    ("models", {"versions": [{"source": "s3://a/b", "select": None}]}),
    ("models", {"versions": [{"source": None, "select": None}]}),
)


@pytest.mark.parametrize("number", range(len(NULLS)))
def test_null_is_no_value_for_pydantic_and_the_schema(number):
    agree(*NULLS[number])


@settings(max_examples=200)
@given(entries())
def test_pydantic_and_the_schema_agree(drawn):
    agree(*drawn)


def agree(section: str, entry: dict[str, Any]) -> None:
    """Check that pydantic and the schema both accept, or both refuse, an entry."""
    value = HEAD | {section: {"a": entry}}

    by_schema = [error.message for error in VALIDATOR.iter_errors(value)]
    by_model = kinds_of_errors(value)

    if by_model - BEYOND_SCHEMA:
        assert by_schema, by_model
    if by_schema and not DERIVED & entry.keys():
        assert by_model, by_schema
