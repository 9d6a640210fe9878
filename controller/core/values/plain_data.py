"""Plain data: JSON values and times."""

from typing import Any


def copied(value: Any) -> Any:
    """Return a deep copy of the mappings and lists of ``value``."""
    if isinstance(value, dict):
        return {name: copied(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [copied(item) for item in value]
    return value
