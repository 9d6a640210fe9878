"""What came of comparing a resource, value by value.

A kind that compares more than values as they stand offers ``explain``; of the others the
changes say all there is to say.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from controller.core.document.resource import Resource
from controller.core.resources.explanation import Comparison, Explanation, below
from controller.core.resources.kind import Kind


def explained(
    kind: Kind[Any, Any], resource: Resource[Any], state: Any, path: str, now: datetime
) -> tuple[Explanation, ...]:
    """Return what came of each value at ``path``, or below it; "" is all of them."""
    if kind.explain is not None:
        found = kind.explain(resource.spec, state, path)
    else:
        found = tuple(_by_changes(kind, resource, state, path))
    return tuple(_ignored(one, resource, now) for one in found)


def _by_changes(
    kind: Kind[Any, Any], resource: Resource[Any], state: Any, path: str
) -> Iterator[Explanation]:
    for change in kind.compare(resource.spec, state):
        if below(change.path, path):
            yield Explanation(
                change.path, change.after, change.before, Comparison.DIFFERS
            )


def _ignored(one: Explanation, resource: Resource[Any], now: datetime) -> Explanation:
    """Return ``one``, or that a person had it left alone."""
    for ignored in resource.ignore:
        if one.likeness is Comparison.DIFFERS and ignored.covers(one.path, now):
            return replace(
                one, likeness=Comparison.IGNORED, reasons=(ignored.reason, *one.reasons)
            )
    return one
