"""What the processes of a resource wrote."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from controller.core.resource import Resource


@dataclass(frozen=True, slots=True)
class Line:
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


@runtime_checkable
class Logged(Protocol):
    """A driver that can read what the processes of a resource wrote."""

    def lines(
        self, resource: Resource[Any], since: datetime, source: str
    ) -> Iterator[Line]:
        """Yield what was written since then, the oldest first.

        Reads only; raises DriverError.

        Args:
            resource: Whose processes.
            since: The time of the oldest line.
            source: One of them, or the beginning of its name; empty for all.
        """
        ...
