"""What a rule is: a number to speak of it by, a sentence, and a function."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from controller.core.values.paths import Plain
from controller.core.values.plain_data import copied


@dataclass(frozen=True, slots=True)
class NormalizationRule:
    """One way in which ECS spells the same thing differently.

    Attributes:
        number: ``R19``, as in the list of the rules.
        says: What it does, in one sentence.
        apply: Does it, to a copy that is made for it.
    """

    number: str
    says: str
    apply: Callable[[Plain], None]

    def __str__(self) -> str:
        return f"{self.number}: {self.says}"


def rules_of(*functions: Callable[[Plain], None]) -> tuple[NormalizationRule, ...]:
    """Return the rules that ``functions`` are; their names begin with the number."""
    return tuple(NormalizationRule(number_of(f), sentence_of(f), f) for f in functions)


def number_of(function: Callable[..., Any]) -> str:
    """Return ``R19`` for a function called ``r19_…``."""
    found = re.match(r"r0*([0-9]+)_", function.__name__)
    return f"R{found[1]}" if found else ""


def sentence_of(function: Callable[..., Any]) -> str:
    """Return the first line of what is said of a function."""
    return (function.__doc__ or "").strip().splitlines()[0]


def ruled(rules: Iterable[NormalizationRule], plain: Mapping[str, Any]) -> Plain:
    """Return what ``rules`` make of ``plain``, which is left as it is."""
    copy: Plain = copied(dict(plain))
    for rule in rules:
        rule.apply(copy)
    return copy
