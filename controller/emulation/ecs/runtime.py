"""Interface of the runtimes that run the containers of tasks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, TypeAlias


@dataclass(frozen=True, slots=True)
class Starting:
    """The container does not run yet."""


@dataclass(frozen=True, slots=True)
class Running:
    """The container's process is alive."""


@dataclass(frozen=True, slots=True)
class Exited:
    """The container's process has ended; 128 + n if signal n ended it."""

    code: int


ContainerStatus: TypeAlias = Starting | Running | Exited


class CannotStartError(Exception):
    """A task cannot start; the message is the reason in the wording of ECS."""


@dataclass(frozen=True, slots=True)
class ContainerLaunch:
    """One container to start; a command of None means that of the image."""

    name: str
    image: str
    environment: Mapping[str, str] = field(default_factory=dict)
    entry_point: tuple[str, ...] | None = None
    command: tuple[str, ...] | None = None
    working_directory: str | None = None
    stop_timeout: timedelta = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Launch:
    """One task to start, on its own address."""

    task_id: str
    address: str
    containers: tuple[ContainerLaunch, ...]


class Runtime(Protocol):
    """Runtime of the containers of tasks.

    Calls never wait: one call starts an operation, and a later call returns its
    result. The id of a task is valid from ``start`` to ``forget``.
    """

    def start(self, launch: Launch, now: datetime) -> None:
        """Start a task; raises CannotStartError."""
        ...

    def poll(self, task_id: str, now: datetime) -> Mapping[str, ContainerStatus]:
        """Return the status of each container, by name."""
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
        """Start a health check: ``CMD`` and arguments, or ``CMD-SHELL`` and a line."""
        ...

    def check_result(self, task_id: str, container: str, now: datetime) -> bool | None:
        """Return True if the check passed; None while it runs."""
        ...

    def stop(self, task_id: str, now: datetime) -> None:
        """Stop every container, and kill those that exceed their stop timeout."""
        ...

    def forget(self, task_id: str) -> None:
        """Release the resources of a task that has ended."""
        ...
