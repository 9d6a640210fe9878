"""One document over another: mappings merge, lists replace, null removes."""

from controller.spec.node import Node


def overlaid(base: Node, over: Node) -> Node:
    """Return ``base`` merged with ``over``; each value keeps its source position."""
    if not isinstance(over.value, dict):
        return over
    if not isinstance(base.value, dict):
        return without_nulls(over)
    entries = dict(base.value)
    for key, node in over.value.items():
        if node.value is None:
            entries.pop(key, None)
        elif key in entries:
            entries[key] = overlaid(entries[key], node)
        else:
            entries[key] = without_nulls(node)
    return base._replace(value=entries)


def without_nulls(node: Node) -> Node:
    """Return ``node`` without null entries, which have nothing to remove."""
    if not isinstance(node.value, dict):
        return node
    kept = {k: without_nulls(n) for k, n in node.value.items() if n.value is not None}
    return node._replace(value=kept)
