"""Differences between two pieces of plain data."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Difference:
    """One path at which two values differ; None stands for absent."""

    path: str
    before: Any
    after: Any


def differences(before: Any, after: Any, path: str = "") -> Iterator[Difference]:
    """Yield every leaf in which ``after`` differs from ``before``.

    Mappings are compared by key, sequences by position; a sequence whose length
    changed differs as a whole, because positions then mean nothing.
    """
    if type(before) is type(after) and before == after:
        return
    match before, after:
        case Mapping(), Mapping():
            for key in sorted(before.keys() | after.keys()):
                yield from differences(
                    before.get(key), after.get(key), f"{path}.{key}" if path else key
                )
        case ((list() | tuple()), (list() | tuple())) if len(before) == len(after):
            for index, (old, new) in enumerate(zip(before, after, strict=True)):
                yield from differences(old, new, f"{path}[{index}]")
        case _:
            yield Difference(path, before, after)
