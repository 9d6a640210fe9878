"""Plain data: JSON values and times."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

from controller.core.values.identity import canonical_json


def copied(value: Any) -> Any:
    """Return a deep copy of the mappings and lists of ``value``."""
    if isinstance(value, dict):
        return {name: copied(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [copied(item) for item in value]
    return value


def plain(value: Any) -> Any:
    """Return ``value`` as JSON can express it; other values become text."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if isfinite(value) else str(value)
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case set() | frozenset():
            return sorted((plain(item) for item in value), key=canonical_json)
        case _:
            return str(value)
