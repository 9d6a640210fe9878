"""What the processes of a resource wrote."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from controller.core.document.resource import Resource
from controller.core.errors import RefusedError


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a log.

    Attributes:
        id: No two lines have the same.
        at: When it was written.
        source: Who wrote it, as the backend names it: a task.
        text: What was written, without what it calls a secret.
    """

    id: str
    at: datetime
    source: str
    text: str


@dataclass(frozen=True, slots=True)
class LogLimit:
    """How much of what was written is taken at once.

    Attributes:
        lines: So many lines.
        size: So many characters in them.
    """

    lines: int
    size: int


@runtime_checkable
class LogDriver(Protocol):
    """A driver that can read what the processes of a resource wrote."""

    def lines(
        self,
        resource: Resource[Any],
        since: datetime,
        source: str,
        most: LogLimit | None = None,
    ) -> Iterator[LogLine]:
        """Yield what was written since then, the oldest first.

        Reads only; raises DriverError.

        Args:
            resource: Whose processes.
            since: The time of the oldest line.
            source: One of them, or the beginning of its name; empty for all.
            most: What may be kept in memory; None for all there is.

        Raises:
            RefusedError: there is more than ``most``.
        """
        ...


def within(
    most: LogLimit | None, lines: Iterable[LogLine], whose: str
) -> Iterator[LogLine]:
    """Yield the lines, and raise RefusedError once they are more than ``most``."""
    size = 0
    for number, line in enumerate(lines, 1):
        size += len(line.text)
        if most is not None and (number > most.lines or size > most.size):
            msg = (
                f"{whose} wrote more in that time than is read at once "
                f"({most.lines:,} lines or {most.size:,} characters): ask for a "
                "shorter time with --since, or for one task with --task"
            )
            raise RefusedError(msg)
        yield line
