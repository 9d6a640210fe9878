"""Access to plain data by path, for rules that change a copy in place."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from controller.core.values.plain_data import copied

Plain = dict[str, Any]
EACH = "*"


def places(value: Any, path: str) -> list[Plain]:
    """Return every mapping at ``path``; ``*`` is each entry of a mapping or a list.

    The result is empty if a step is missing.
    """
    found = [value]
    for step in path.split(".") if path else ():
        if step == EACH:
            found = [entry for place in found for entry in _entries(place)]
        else:
            found = [p[step] for p in found if isinstance(p, dict) and step in p]
    return [place for place in found if isinstance(place, dict)]


def drop_defaults(plain: Plain, path: str, **defaults: Any) -> None:
    """Drop the fields at ``path`` whose value is the default."""
    for place in places(plain, path):
        for name, default in defaults.items():
            if name in place and equal(place[name], default):
                del place[name]


def fill_defaults(plain: Plain, path: str, **defaults: Any) -> None:
    """Set the fields at ``path`` that are missing to their default."""
    for place in places(plain, path):
        for name, default in defaults.items():
            if place.get(name) is None:
                place[name] = copied(default)


def key_by(
    plain: Plain,
    path: str,
    field: str,
    key: Callable[[Plain], str],
    entry: Callable[[Plain], Any] = lambda item: item,
) -> None:
    """Turn the list ``field`` at ``path`` into a mapping, independent of its order.

    A list with a missing or repeated key stays a list and is sorted.
    """
    for place in places(plain, path):
        items = place.get(field)
        if not isinstance(items, list):
            continue
        keys = [_key(item, key) for item in items]
        if None in keys or len(set(keys)) < len(keys):
            place[field] = in_order(items)
        else:
            pairs = sorted(zip(keys, items, strict=True), key=_first)
            place[field] = {name: entry(item) for name, item in pairs}


def sort_at(plain: Plain, path: str, *fields: str) -> None:
    """Sort the lists ``fields`` at ``path``, whose order has no meaning."""
    for place in places(plain, path):
        for field in fields:
            if isinstance(place.get(field), list):
                place[field] = in_order(place[field])


def in_order(items: Iterable[Any]) -> list[Any]:
    """Return ``items`` in an order that depends only on their content."""
    return sorted(items, key=lambda item: json.dumps(item, sort_keys=True))


def equal(one: Any, other: Any) -> bool:
    """Return True if two values are equal; true is not equal to 1."""
    return isinstance(one, bool) is isinstance(other, bool) and bool(one == other)


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every leaf value with its path."""
    match value:
        case dict() if value:
            for name, entry in value.items():
                yield from leaves(entry, f"{path}.{name}" if path else str(name))
        case list() if value and any(isinstance(item, dict) for item in value):
            for index, item in enumerate(value):
                yield from leaves(item, f"{path}[{index}]")
        case _:
            yield path, value


def without_empty(value: Any) -> Any:
    """Return ``value`` without null, ``[]`` and ``{}``, all the way down."""
    if isinstance(value, dict):
        kept = {}
        for name, entry in value.items():
            left = without_empty(entry)
            if left or not (left is None or isinstance(left, dict | list)):
                kept[name] = left
        return kept
    return [without_empty(item) for item in value] if isinstance(value, list) else value


def _entries(place: Any) -> Iterable[Any]:
    if isinstance(place, dict):
        return place.values()
    return place if isinstance(place, list) else ()


def _key(item: Any, key: Callable[[Plain], str]) -> str | None:
    try:
        return key(item)
    except (KeyError, TypeError, AttributeError):
        return None


def _first(pair: tuple[Any, Any]) -> str:
    return str(pair[0])
