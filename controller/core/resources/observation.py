"""Observed state of a resource.

"Absent" and "unknown" are different. Planning on an unknown resource as if it were
absent would recreate or delete a healthy one.
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
    """Owner of an existing resource; completes "it is ..."."""

    MANAGED = "managed"
    UNMANAGED = "unmanaged"
    FOREIGN = "managed by another controller"


@dataclass(frozen=True, slots=True)
class Present(Generic[StateT]):
    """The resource exists and has the state ``state``.

    Attributes:
        state: State in the terms of its kind.
        ownership: Owner according to its tag.
        applied: Generation of the spec that was applied last, if a tag records it.
    """

    state: StateT
    ownership: Ownership = Ownership.MANAGED
    applied: str | None = None


@dataclass(frozen=True, slots=True)
class Absent:
    """The resource was looked up and does not exist.

    Attributes:
        expected_changes: Values of its creation that the document does not contain and
            the observation found, such as the digest of an image tag.
    """

    expected_changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Unknown:
    """The resource could not be observed, so nothing may be planned on it.

    Attributes:
        reason: Cause of the failure.
        temporary: True if an observation soon afterwards may succeed.
    """

    reason: str
    temporary: bool = False


def unknown_from(error: DriverError) -> Unknown:
    """Return the observation that follows from a read that failed with ``error``."""
    return Unknown(str(error), isinstance(error, TransientError))


Observation: TypeAlias = Present[Any] | Absent | Unknown


@dataclass(frozen=True, slots=True)
class ObservedState:
    """Snapshot of everything that is declared or managed, taken at one time."""

    observations: Mapping[ResourceId, Observation]
    taken_at: datetime

    def of(self, resource: ResourceId) -> Observation:
        """Return the observation of ``resource``; ``Unknown`` if there is none."""
        return self.observations.get(resource, Unknown("not observed"))
