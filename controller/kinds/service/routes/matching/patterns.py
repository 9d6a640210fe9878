"""What the patterns of listener rules match, and which one matches more.

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
    """Whether all that ``special`` matches is matched by ``general`` too.

    Never true by mistake; of two spellings of one set, only runs of wildcards are
    recognised.
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
    """Whether something is matched by both patterns."""
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
    """Whether ``text``, which has no wildcards of its own, fits ``pattern``."""
    parts = (_AS_REGEX.get(letter, re.escape(letter)) for letter in pattern)
    return re.fullmatch("".join(parts), text, re.DOTALL) is not None


def literals(pattern: str) -> int:
    """Return how many characters of ``pattern`` stand for themselves."""
    return len(pattern) - pattern.count("*") - pattern.count("?")


def any_pair(
    test: Callable[[str, str], bool], left: tuple[str, ...], right: tuple[str, ...]
) -> bool:
    """Whether ``test`` holds for one of ``left`` with one of ``right``."""
    return any(test(one, other) for one, other in product(left, right))


_AS_REGEX = {"*": ".*", "?": "."}


def _plain(pattern: str) -> str:
    """Return ``pattern`` with each run of wildcards in one spelling: ``??*``."""
    return _RUN.sub(lambda run: _spelled(run[0]), pattern)


def _spelled(run: str) -> str:
    return "?" * run.count("?") + ("*" if "*" in run else "")
