"""Explanations for each compared value of a resource.

A kind whose comparison has rules offers ``explain``; for the others the explanations
follow from the changes.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from controller.core.document.resource import Resource
from controller.core.resources.explanation import Comparison, Explanation, is_below
from controller.core.resources.kind import Kind


def explanations_of(
    kind: Kind[Any, Any], resource: Resource[Any], state: Any, path: str, now: datetime
) -> tuple[Explanation, ...]:
    """Return an explanation for each value at or below ``path``; "" is all values."""
    if kind.explain is not None:
        found = kind.explain(resource.spec, state, path)
    else:
        found = tuple(_by_changes(kind, resource, state, path))
    return tuple(_ignored(one, resource, now) for one in found)


def _by_changes(
    kind: Kind[Any, Any], resource: Resource[Any], state: Any, path: str
) -> Iterator[Explanation]:
    for change in kind.compare(resource.spec, state):
        if is_below(change.path, path):
            yield Explanation(
                change.path, change.after, change.before, Comparison.DIFFERS
            )


def _ignored(one: Explanation, resource: Resource[Any], now: datetime) -> Explanation:
    """Return ``one``, marked as ignored if the document ignores the field."""
    for ignored in resource.ignore:
        if one.comparison is Comparison.DIFFERS and ignored.covers(one.path, now):
            return replace(
                one,
                comparison=Comparison.IGNORED,
                reasons=(ignored.reason, *one.reasons),
            )
    return one
