"""Details of one resource, as tables for ``describe``."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, runtime_checkable

from controller.core.document.resource import Resource
from controller.core.errors import DriverError

Cell: TypeAlias = str | int | float | bool | None
Row: TypeAlias = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class DetailSection:
    """A small table about one aspect of a resource.

    Attributes:
        title: Subject, as in ``tasks``.
        columns: Names of the columns.
        rows: Rows with one cell for each column.
        problem: Reason why the section could not be read; empty if it could.
    """

    title: str
    columns: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    problem: str = ""


@runtime_checkable
class DetailsDriver(Protocol):
    """A driver that can read more about one resource than a pass needs."""

    def details(self, resource: Resource[Any]) -> tuple[DetailSection, ...]:
        """Return the sections about ``resource``. Reads only, and never raises.

        A section that could not be read says why; the other sections stay useful.
        """
        ...


def read_section(
    title: str, columns: tuple[str, ...], read: Callable[[], Iterable[Row]]
) -> DetailSection:
    """Return a section with the rows of ``read``, or with the reason of its failure."""
    try:
        return DetailSection(title, columns, tuple(read()))
    except DriverError as error:
        return DetailSection(title, columns, problem=str(error))
