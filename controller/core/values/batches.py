"""Long lists in short ones: APIs take so many at once and no more."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def batched(items: Sequence[T], size: int) -> Iterator[list[T]]:
    """Yield ``items`` in lists of at most ``size``, in order; none if there is none."""
    for start in range(0, len(items), size):
        yield list(items[start : start + size])
