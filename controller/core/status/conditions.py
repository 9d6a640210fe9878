"""What we tell about a resource, in the form Kubernetes made familiar.

See the API conventions of Kubernetes, "Typical status properties".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


class Truth(StrEnum):
    """The status of a condition. An absent condition reads as unknown."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class ConditionType(StrEnum):
    """What a condition is about. The last three are abnormal when true."""

    READY = "Ready"
    SYNCED = "Synced"
    HEALTHY = "Healthy"
    RECONCILING = "Reconciling"
    STALLED = "Stalled"
    SUSPENDED = "Suspended"


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing worth knowing about a resource.

    Attributes:
        type: What it is about.
        status: Whether it is so.
        reason: One CamelCase word that a program can match.
        message: One sentence for a person.
        observed_generation: The spec it was concluded for.
        last_transition: When ``status`` last changed.
    """

    type: ConditionType
    status: Truth
    reason: str
    message: str
    observed_generation: str
    last_transition: datetime


Conditions = Mapping[ConditionType, Condition]


def merged(old: Conditions, new: Iterable[Condition]) -> dict[ConditionType, Condition]:
    """Return ``new`` by type, each with the time its status last changed.

    The transition time moves only when the status does, so that "since when"
    survives a repeated observation.
    """
    return {
        condition.type: _since(old.get(condition.type), condition) for condition in new
    }


def _since(old: Condition | None, new: Condition) -> Condition:
    if old is not None and old.status == new.status:
        return replace(new, last_transition=old.last_transition)
    return new
