"""Plain data: what JSON can say, and moments."""

from typing import Any


def copied(value: Any) -> Any:
    """Return ``value`` with all its mappings and lists made anew."""
    if isinstance(value, dict):
        return {name: copied(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [copied(item) for item in value]
    return value
