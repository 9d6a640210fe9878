"""One document over another: mappings merge, lists replace, null removes."""

from collections.abc import Mapping
from typing import Any

from controller.core.document.dependent_fields import overridden_fields
from controller.spec.node import Node


def overlaid(base: Node, over: Node) -> Node:
    """Return ``base`` merged with ``over``; each value keeps its source position.

    Fields that depend on an overridden field are replaced as a whole; see
    ``core.document.dependent_fields``.
    """
    if not isinstance(over.value, dict):
        return over
    if not isinstance(base.value, dict):
        return without_nulls(over)
    entries = dict(base.value)
    for key, node in over.value.items():
        if node.value is None:
            entries.pop(key, None)
        elif key in entries:
            entries[key] = overlaid(_meaningful(key, entries[key], node), node)
        else:
            entries[key] = without_nulls(node)
    return base._replace(value=entries)


def _meaningful(key: str, base: Node, over: Node) -> Node:
    """Return ``base``, the value of ``key``, without what ``over`` makes meaningless."""
    if not isinstance(base.value, dict) or not isinstance(over.value, dict):
        return base
    obsolete = overridden_fields(key, _plain(base.value), _plain(over.value))
    kept = {k: node for k, node in base.value.items() if k not in obsolete}
    return base._replace(value=kept)


def _plain(entries: Mapping[str, Node]) -> dict[str, Any]:
    return {key: node.value for key, node in entries.items()}


def without_nulls(node: Node) -> Node:
    """Return ``node`` without null entries, which have nothing to remove."""
    if not isinstance(node.value, dict):
        return node
    kept = {k: without_nulls(n) for k, n in node.value.items() if n.value is not None}
    return node._replace(value=kept)
