"""The imperative half of a kind, as the engine sees it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeAlias

from controller.core.document.resource import Resource, ResourceId
from controller.core.errors import ControllerError
from controller.core.resources.observation import Observation
from controller.core.resources.plan import Action


@dataclass(frozen=True, slots=True)
class Applied:
    """The world now is what the action asked for."""

    message: str = ""


@dataclass(frozen=True, slots=True)
class Progressing:
    """The action was accepted and needs time; look again after ``check_after``."""

    check_after: timedelta
    message: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing of the action was done yet: something it rests on goes on before."""

    check_after: timedelta
    message: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The action did not happen; a person, or a later pass, must act.

    Attributes:
        error: Why.
        again_at: When it is tried again, if that is known.
    """

    error: ControllerError
    again_at: datetime | None = None

    @property
    def message(self) -> str:
        """What happened, and when it is tried again."""
        if self.again_at is None:
            return str(self.error)
        why = str(self.error).rstrip(".")
        return f"{why}. It is tried again at {self.again_at:%H:%M:%S} UTC."


@dataclass(frozen=True, slots=True)
class Skipped:
    """The action was not tried in this pass, because of ``message``."""

    message: str


Outcome: TypeAlias = Applied | Progressing | Waiting | Failed | Skipped


class Driver(Protocol):
    """What the engine asks of the outside world for one kind."""

    def observe(
        self, declared: Mapping[ResourceId, Resource[Any]]
    ) -> Mapping[ResourceId, Observation]:
        """Return what is seen of ``declared``, and of whatever else is ours.

        Reads only. Raises DriverError when nothing could be seen; what could not
        be seen of one resource alone is ``Unknown``.
        """
        ...

    def apply(self, action: Action) -> Applied | Progressing | Waiting:
        """Make it so. Safe to repeat; raises DriverError."""
        ...
