"""Values of plain YAML scalars: text, number, date or null.

PyYAML implements YAML 1.1, editors YAML 1.2. A scalar that the two versions read as
different numbers (``010``, ``1:30``, ``1_000``) stays text, and a numeric field reports
it, so that no value differs from its appearance.
"""

import re
from datetime import date
from typing import Any

import yaml

TAG = "tag:yaml.org,2002:"
_RESOLVERS = yaml.SafeLoader.yaml_implicit_resolvers
_CONSTRUCTOR = yaml.constructor.SafeConstructor()
_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]*)|0x[0-9a-fA-F]+")
# Digits such as 09 are a number in YAML 1.2 only.
_FRACTION = re.compile(
    r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+"
    r"|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)
_TRUE = {"yes", "true", "on"}
_NUMERIC_START = frozenset("+-.0123456789")


def tag_of(text: str) -> str:
    """Return the tag that YAML gives to an unquoted ``text``."""
    for tag, pattern in _RESOLVERS.get(text[:1], ()):
        if pattern.match(text):
            return str(tag).removeprefix(TAG)
    if text[:1] in _NUMERIC_START and _FRACTION.fullmatch(text):
        return "float"
    return "str"


def value_of(tag: str, text: str) -> Any:
    """Return the value of ``text`` under ``tag``.

    Raises:
        ValueError: there is no such value; the message follows "it".
    """
    match tag:
        case "null":
            return None
        case "bool":
            return text.lower() in _TRUE
        case "int":
            return _whole(text)
        case "float":
            return _fraction(text)
        case "timestamp":
            return _timestamp(text)
        case _:
            return text


def _whole(text: str) -> int | str:
    if not _WHOLE.fullmatch(text):
        return text
    try:
        return int(text, 0)
    except ValueError:
        msg = "has too many digits"
        raise ValueError(msg) from None


def _fraction(text: str) -> float | str:
    if not _FRACTION.fullmatch(text):
        return text
    return float(re.sub(r"\.(inf|nan)", r"\1", text.lower()))


def _timestamp(text: str) -> date:
    node = yaml.ScalarNode(f"{TAG}timestamp", text)
    try:
        found: date = _CONSTRUCTOR.construct_yaml_timestamp(node)
    except (ValueError, OverflowError):
        msg = "is not an existing date"
        raise ValueError(msg) from None
    return found
