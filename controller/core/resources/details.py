"""One resource in full: what people otherwise gather with a handful of commands."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, runtime_checkable

from controller.core.document.resource import Resource
from controller.core.errors import DriverError

Cell: TypeAlias = str | int | float | bool | None
Row: TypeAlias = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class DetailSection:
    """A small table about one side of a resource.

    Attributes:
        title: What it is about, as in ``tasks``.
        columns: The names of the cells.
        rows: As many cells as there are columns.
        problem: Why it could not be seen; empty if it could.
    """

    title: str
    columns: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    problem: str = ""


@runtime_checkable
class DetailsDriver(Protocol):
    """A driver that can look closer at one resource than a pass needs to."""

    def details(self, resource: Resource[Any]) -> tuple[DetailSection, ...]:
        """Return what can be seen of ``resource``. Reads only, and never raises.

        What could not be seen is a section that says so: the rest is still worth
        reading.
        """
        ...


def looked_at(
    title: str, columns: tuple[str, ...], look: Callable[[], Iterable[Row]]
) -> DetailSection:
    """Return the section that ``look`` fills, or one that says why it could not."""
    try:
        return DetailSection(title, columns, tuple(look()))
    except DriverError as error:
        return DetailSection(title, columns, problem=str(error))
