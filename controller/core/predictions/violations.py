"""Violations of the input of a model, without the values that a caller sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

# Violations that an answer lists; the number of all of them is stated.
MOST_LISTED = 20
_LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class Violation:
    """One part of a request that the signature of the model does not permit.

    Attributes:
        field: Path in the body, as in ``dataframe_records[0].amount``.
        message: Requirement that is not met; never the value.
        row: Row, counted from 0; None if no row is meant.
        column: Column or tensor; empty if none is meant.
    """

    field: str
    message: str
    row: int | None = None
    column: str = ""


class InputError(Exception):
    """The input is not what the model accepts.

    Attributes:
        violations: The first violations, in the order of the rows.
        total: Number of all violations.
    """

    def __init__(self, violations: Sequence[Violation]) -> None:
        first = violations[0]
        super().__init__(f"{first.field} {first.message}")
        self.violations = tuple(violations[:MOST_LISTED])
        self.total = len(violations)


def refuse(field: str, message: str) -> NoReturn:
    """Raise the error with one violation."""
    raise InputError((Violation(field, message),))


def shown(name: str) -> str:
    """Return a name that a caller sent, printable and short."""
    printable = "".join(c if c.isprintable() else "?" for c in name)
    if len(printable) <= _LONGEST_NAME:
        return printable
    return f"{printable[: _LONGEST_NAME - 1]}…"
