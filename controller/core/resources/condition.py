"""Conditions of a resource, in the form of Kubernetes.

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
    """The conditions that every resource has. The last three are abnormal when true.

    A kind may add conditions of its own; see ``UndatedCondition``.
    """

    READY = "Ready"
    SYNCED = "Synced"
    HEALTHY = "Healthy"
    RECONCILING = "Reconciling"
    STALLED = "Stalled"
    SUSPENDED = "Suspended"


@dataclass(frozen=True, slots=True)
class UndatedCondition:
    """A condition without its time of transition.

    Attributes:
        type: A ``ConditionType``, or a CamelCase name that a kind defines.
        status: True, False or Unknown.
        reason: One CamelCase word that a program can match.
        message: One sentence for people.
    """

    type: str
    status: Truth
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Condition:
    """One aspect of the state of a resource.

    Attributes:
        type: A ``ConditionType``, or a CamelCase name that a kind defines.
        status: True, False or Unknown.
        reason: One CamelCase word that a program can match.
        message: One sentence for people.
        observed_generation: Generation of the spec that the condition is about.
        last_transition: Time at which ``status`` last changed.
    """

    type: str
    status: Truth
    reason: str
    message: str
    observed_generation: str
    last_transition: datetime


Conditions = Mapping[str, Condition]


def with_transition_times(
    old: Conditions, new: Iterable[Condition]
) -> dict[str, Condition]:
    """Return ``new`` by type, each with the time at which its status last changed.

    The transition time moves only when the status does, so that it survives a
    repeated observation.
    """
    return {
        condition.type: _with_time(old.get(condition.type), condition)
        for condition in new
    }


def _with_time(old: Condition | None, new: Condition) -> Condition:
    if old is not None and old.status == new.status:
        return replace(new, last_transition=old.last_transition)
    return new
