"""Explanations of a comparison, value by value, for ``diff --explain``."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias


class Comparison(StrEnum):
    """Result of comparing a declared and a live value; completes "it ..."."""

    DIFFERS = "differs"
    EQUAL = "is equal"
    EQUAL_BY_RULE = "is equal by a rule"
    NOT_COMPARED = "is not compared"
    IGNORED = "is ignored"


@dataclass(frozen=True, slots=True)
class Explanation:
    """Result of comparing one value, with the rules that were applied.

    Attributes:
        path: Path of the field, as in a change.
        declared: Declared value; None if there is none.
        live: Live value; None if there is none.
        comparison: Result of the comparison.
        reasons: Rules that were applied, or the reason why the field is ignored.
    """

    path: str
    declared: Any
    live: Any
    comparison: Comparison
    reasons: tuple[str, ...] = ()


# Explanations for one resource, or the reason why it could not be observed.
Explanations: TypeAlias = tuple[Explanation, ...] | str


def is_below(path: str, start: str) -> bool:
    """Return True if ``path`` is ``start`` or below it."""
    return not start or path == start or path.startswith((f"{start}.", f"{start}["))
