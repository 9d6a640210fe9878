"""Driver: the I/O half of a kind, and the outcomes of its actions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeAlias, runtime_checkable

from controller.core.document.resource import Resource, ResourceId
from controller.core.errors import ControllerError
from controller.core.resources.observation import Observation
from controller.core.resources.plan import Action, Change
from controller.core.values.utc_text import utc_text


@dataclass(frozen=True, slots=True)
class Applied:
    """The action is completed: the live state is the desired one.

    Attributes:
        message: Sentence for the user; empty if there is nothing to add.
        further: Changes that the plan could not contain, such as an alias of a version
            that the action registered.
    """

    message: str = ""
    further: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Progressing:
    """The action was accepted and takes time; check it again after ``check_after``."""

    check_after: timedelta
    message: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """The action has not begun: a step before it is still in progress."""

    check_after: timedelta
    message: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The action failed; a user or a later pass must act.

    Attributes:
        error: Cause of the failure.
        retry_at: Time of the next attempt, if it is known.
    """

    error: ControllerError
    retry_at: datetime | None = None

    @property
    def message(self) -> str:
        """Cause of the failure, and the time of the next attempt."""
        if self.retry_at is None:
            return str(self.error)
        cause = str(self.error).rstrip(".")
        return f"{cause}. Next attempt at {utc_text(self.retry_at)}."


@dataclass(frozen=True, slots=True)
class Skipped:
    """The action was not attempted in this pass; ``message`` is the reason."""

    message: str


Outcome: TypeAlias = Applied | Progressing | Waiting | Failed | Skipped


class Driver(Protocol):
    """Reads and writes of the live state of one kind."""

    def observe(
        self, declared: Mapping[ResourceId, Resource[Any]]
    ) -> Mapping[ResourceId, Observation]:
        """Return the state of ``declared``, and of all that this controller manages.

        Reads only. Raises DriverError if nothing could be read; if one resource could
        not be read, it alone is ``Unknown``.
        """
        ...

    def apply(self, action: Action) -> Applied | Progressing | Waiting:
        """Carry out ``action``. Safe to repeat; raises DriverError."""
        ...


@runtime_checkable
class RecordingDriver(Protocol):
    """A driver that derives records for the store from its observations."""

    def record(self) -> None:
        """Store the records of the last observation, if they changed.

        Does nothing without an observation since the last call. Raises DriverError.
        """
        ...
