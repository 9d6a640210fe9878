"""Suggestions for misspelled words."""

from collections.abc import Iterable
from difflib import get_close_matches

_SHORTEST = 2


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return "did you mean …?" for the nearest of ``known``, else a list of them."""
    words = sorted(known)
    if found := nearest(word, words):
        return f"did you mean {found}?"
    return f"known: {', '.join(words)}" if words else ""


def nearest(word: str, known: Iterable[str], similarity: float = 0.6) -> str:
    """Return the word in ``known`` of which ``word`` is a misspelling or prefix."""
    words = sorted(known)
    shortened = [k for k in words if k.startswith(word)] if word[_SHORTEST:] else []
    close = get_close_matches(word, words, n=1, cutoff=similarity)
    # Of several, the one that needs the fewest letters more.
    return min(shortened, key=len) if shortened else next(iter(close), "")
