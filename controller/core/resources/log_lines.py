"""Log lines of the processes of a resource."""

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
        id: Unique id.
        at: Time of writing.
        source: Writer of the line by its name in the backend, such as a task.
        text: Text with secrets masked.
    """

    id: str
    at: datetime
    source: str
    text: str


@dataclass(frozen=True, slots=True)
class LogLimit:
    """Limit on the log lines read at once.

    Attributes:
        lines: Largest number of lines.
        size: Largest number of characters in them.
    """

    lines: int
    size: int


@runtime_checkable
class LogDriver(Protocol):
    """A driver that can read the logs of a resource."""

    def lines(
        self,
        resource: Resource[Any],
        since: datetime,
        source: str,
        most: LogLimit | None = None,
    ) -> Iterator[LogLine]:
        """Yield the lines written since ``since``, oldest first.

        Reads only; raises DriverError.

        Args:
            resource: Resource whose processes wrote the lines.
            since: Time of the oldest line.
            source: Name of one writer, or its prefix; empty for all.
            most: Limit on the lines kept in memory; None for no limit.

        Raises:
            RefusedError: the lines exceed ``most``.
        """
        ...


def limited(
    most: LogLimit | None, lines: Iterable[LogLine], writer: str
) -> Iterator[LogLine]:
    """Yield the lines; raise RefusedError as soon as they exceed ``most``."""
    size = 0
    for number, line in enumerate(lines, 1):
        size += len(line.text)
        if most is not None and (number > most.lines or size > most.size):
            msg = (
                f"{writer} wrote more than {most.lines:,} lines or {most.size:,} "
                "characters in that time: select a shorter time with --since, or one "
                "task with --task"
            )
            raise RefusedError(msg)
        yield line
