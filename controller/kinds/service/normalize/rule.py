"""Normalization rules: a number, a description and a function."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from controller.core.values.paths import Plain
from controller.core.values.plain_data import copied


@dataclass(frozen=True, slots=True)
class NormalizationRule:
    """A rule that gives equal settings the same form.

    Attributes:
        number: Number of the rule, such as ``R19``.
        says: Description of the rule in one sentence.
        apply: Function that changes its argument, a copy.
    """

    number: str
    says: str
    apply: Callable[[Plain], None]

    def __str__(self) -> str:
        return f"{self.number}: {self.says}"


def rules_of(*functions: Callable[[Plain], None]) -> tuple[NormalizationRule, ...]:
    """Return a rule for each function; its name begins with the number."""
    return tuple(NormalizationRule(number_of(f), sentence_of(f), f) for f in functions)


def number_of(function: Callable[..., Any]) -> str:
    """Return ``R19`` for a function named ``r19_…``."""
    found = re.match(r"r0*([0-9]+)_", function.__name__)
    return f"R{found[1]}" if found else ""


def sentence_of(function: Callable[..., Any]) -> str:
    """Return the first line of the function's docstring."""
    return (function.__doc__ or "").strip().splitlines()[0]


def ruled(rules: Iterable[NormalizationRule], plain: Mapping[str, Any]) -> Plain:
    """Return ``plain`` with ``rules`` applied; ``plain`` is not changed."""
    copy: Plain = copied(dict(plain))
    for rule in rules:
        rule.apply(copy)
    return copy
