"""What was seen of a resource.

"Not there" and "could not look" are different answers. Planning on the second
as if it were the first would recreate, or delete, what is alive and well.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeAlias, TypeVar

from controller.core.document.resource import ResourceId
from controller.core.errors import DriverError, TransientError
from controller.core.resources.plan import Change

StateT = TypeVar("StateT")


class Ownership(StrEnum):
    """Whose a thing that exists is; completes "it is ..."."""

    OURS = "ours"
    NOBODYS = "nobody's"
    ANOTHERS = "another controller's"


@dataclass(frozen=True, slots=True)
class Present(Generic[StateT]):
    """The resource exists and looks like ``state``.

    Attributes:
        state: What it looks like, in its kind's own terms.
        ownership: Whose tag it carries.
        applied: Generation of the spec that was applied last, if it says so.
    """

    state: StateT
    ownership: Ownership = Ownership.OURS
    applied: str | None = None


@dataclass(frozen=True, slots=True)
class Absent:
    """We looked, and the resource is not there.

    Attributes:
        foreseen: What of its creation only the look could tell, beside what is
            declared: as the digest that a tag stands for.
    """

    foreseen: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Unknown:
    """We could not look, so nothing may be planned on it.

    Attributes:
        reason: Why.
        passing: Whether another look, soon, may well see it.
    """

    reason: str
    passing: bool = False


def unseen(error: DriverError) -> Unknown:
    """Return what is known after a look that failed with ``error``."""
    return Unknown(str(error), isinstance(error, TransientError))


Observation: TypeAlias = Present[Any] | Absent | Unknown


@dataclass(frozen=True, slots=True)
class ObservedState:
    """One snapshot of everything declared or owned, taken at one moment."""

    observations: Mapping[ResourceId, Observation]
    taken_at: datetime

    def of(self, resource: ResourceId) -> Observation:
        """Return what was seen of ``resource``; unseen means unknown."""
        return self.observations.get(resource, Unknown("not observed"))
