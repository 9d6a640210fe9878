"""Why a field is told to differ, or why not: one line for each value."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias


class Comparison(StrEnum):
    """How what is declared and what was seen go together; completes "it ..."."""

    DIFFERS = "differs"
    EQUAL = "is equal"
    EQUAL_BY_RULE = "is equal by a rule"
    NOT_COMPARED = "is not compared"
    IGNORED = "is ignored"


@dataclass(frozen=True, slots=True)
class Explanation:
    """What came of comparing one value.

    Attributes:
        path: The field, as in a change.
        declared: What is asked for; None if nothing is.
        live: What was seen; None if nothing was.
        likeness: How the two go together.
        reasons: The rules that had a part in it, or why it is left alone.
    """

    path: str
    declared: Any
    live: Any
    likeness: Comparison
    reasons: tuple[str, ...] = ()


# Of one resource: what came of each value, or why it could not be seen.
Told: TypeAlias = tuple[Explanation, ...] | str


def below(path: str, start: str) -> bool:
    """Whether ``path`` is at ``start``, or below it."""
    return not start or path == start or path.startswith((f"{start}.", f"{start}["))
