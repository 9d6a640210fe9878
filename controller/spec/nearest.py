"""What somebody probably meant."""

from collections.abc import Iterable
from difflib import get_close_matches


def meant(word: str, known: Iterable[str]) -> str:
    """Return "did you mean …?" for the nearest of ``known``, else a list of them."""
    words = sorted(known)
    if found := get_close_matches(word, words, n=1, cutoff=0.6):
        return f"did you mean {found[0]}?"
    return f"known are {', '.join(words)}" if words else "none is known"
