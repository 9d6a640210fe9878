"""What the simulator needs of whatever runs its tasks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, TypeAlias


@dataclass(frozen=True, slots=True)
class Starting:
    """The container has not begun to run."""


@dataclass(frozen=True, slots=True)
class Running:
    """The container's process is alive."""


@dataclass(frozen=True, slots=True)
class Exited:
    """The container's process has ended; 128 + n if signal n ended it."""

    code: int


ContainerStatus: TypeAlias = Starting | Running | Exited


class CannotStartError(Exception):
    """A task that cannot begin, with the sentence ECS would give as its reason."""


@dataclass(frozen=True, slots=True)
class ContainerLaunch:
    """One container to start; ``None`` for a command means the image's own."""

    name: str
    image: str
    environment: Mapping[str, str] = field(default_factory=dict)
    entry_point: tuple[str, ...] | None = None
    command: tuple[str, ...] | None = None
    working_directory: str | None = None
    stop_timeout: timedelta = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Launch:
    """One task to start, on an address that is its own."""

    task_id: str
    address: str
    containers: tuple[ContainerLaunch, ...]


class Runtime(Protocol):
    """Something that runs the containers of tasks.

    Calls return at once: what takes time is begun by one call and seen by a
    later one. A task is named by its id from ``start`` to ``forget``.
    """

    def start(self, launch: Launch, now: datetime) -> None:
        """Begin to run a task; raises CannotStartError."""
        ...

    def poll(self, task_id: str, now: datetime) -> Mapping[str, ContainerStatus]:
        """Return how each container is, by name."""
        ...

    def lines(self, task_id: str) -> Sequence[tuple[str, str]]:
        """Return ``(container, line)`` written since the last call."""
        ...

    def begin_check(
        self,
        task_id: str,
        container: str,
        command: Sequence[str],
        timeout: timedelta,
        now: datetime,
    ) -> None:
        """Begin a health check: ``CMD`` and arguments, or ``CMD-SHELL`` and a line."""
        ...

    def check_result(self, task_id: str, container: str, now: datetime) -> bool | None:
        """Return whether the check passed; None while it runs."""
        ...

    def stop(self, task_id: str, now: datetime) -> None:
        """Ask every container to end, and see to it that they do in time."""
        ...

    def forget(self, task_id: str) -> None:
        """Release what is held for a task that has ended."""
        ...
