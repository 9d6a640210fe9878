"""Batches of a list, for APIs that limit the entries of one call."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def batched(items: Sequence[T], size: int) -> Iterator[list[T]]:
    """Yield ``items`` in order, in lists of at most ``size``; no empty list."""
    for start in range(0, len(items), size):
        yield list(items[start : start + size])
