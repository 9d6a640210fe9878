"""Patterns of listener rules: matching, coverage and overlap.

``*`` stands for any characters and ``?`` for one; hosts are compared without regard
to case, paths with it.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
"""

import re
from collections.abc import Callable
from functools import cache
from itertools import product

_RUN = re.compile(r"[*?]{2,}")


def covers(general: str, special: str) -> bool:
    """Return True if ``general`` matches everything that ``special`` matches.

    Never true by mistake. It may be false for two spellings of one set: only runs of
    wildcards are recognized as equal.
    """
    outer, inner = _plain(general), _plain(special)

    @cache
    def at(i: int, j: int) -> bool:
        if i == len(outer):
            return j == len(inner)
        if outer[i] == "*":
            return at(i + 1, j) or (j < len(inner) and at(i, j + 1))
        if j == len(inner) or inner[j] == "*":
            return False
        return outer[i] in {"?", inner[j]} and at(i + 1, j + 1)

    return at(0, 0)


def overlap(one: str, other: str) -> bool:
    """Return True if some text matches both patterns."""
    left, right = _plain(one), _plain(other)

    @cache
    def at(i: int, j: int) -> bool:
        if i == len(left) and j == len(right):
            return True
        if i < len(left) and left[i] == "*":
            return at(i + 1, j) or (j < len(right) and at(i, j + 1))
        if j < len(right) and right[j] == "*":
            return at(i, j + 1) or (i < len(left) and at(i + 1, j))
        if i == len(left) or j == len(right):
            return False
        alike = left[i] == right[j] or "?" in {left[i], right[j]}
        return alike and at(i + 1, j + 1)

    return at(0, 0)


def matches(pattern: str, text: str) -> bool:
    """Return True if ``text``, in which wildcards mean nothing, matches ``pattern``."""
    parts = (_AS_REGEX.get(letter, re.escape(letter)) for letter in pattern)
    return re.fullmatch("".join(parts), text, re.DOTALL) is not None


def literals(pattern: str) -> int:
    """Return the number of characters in ``pattern`` that are not wildcards."""
    return len(pattern) - pattern.count("*") - pattern.count("?")


def any_pair(
    test: Callable[[str, str], bool], left: tuple[str, ...], right: tuple[str, ...]
) -> bool:
    """Return True if ``test`` holds for some pair of ``left`` and ``right``."""
    return any(test(one, other) for one, other in product(left, right))


_AS_REGEX = {"*": ".*", "?": "."}


def _plain(pattern: str) -> str:
    """Return ``pattern`` with each run of wildcards normalized: ``??*``."""
    return _RUN.sub(lambda run: _spelled(run[0]), pattern)


def _spelled(run: str) -> str:
    return "?" * run.count("?") + ("*" if "*" in run else "")
