"""How often each kind is looked at, and when a look is due again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from controller.core.document.resource import Resource, ResourceId
from controller.core.resources.observation import Observation

# Kinds that are due this soon are looked at together: alarms are not exact.
TOGETHER = timedelta(milliseconds=500)


@dataclass(frozen=True, slots=True)
class Schedule:
    """How often to look.

    Attributes:
        interval: Time between two looks at a kind.
        intervals: The same for kinds that have one of their own.
        everything: Whether this pass looks at all kinds, due or not.
        inspections: Time between two looks at what all resources rest on; None if
            only what is about to be deployed is looked at.
    """

    interval: timedelta
    intervals: Mapping[str, timedelta] = field(default_factory=dict)
    everything: bool = True
    inspections: timedelta | None = None

    def of(self, kind: str) -> timedelta:
        """Return the time between two looks at ``kind``."""
        return self.intervals.get(kind, self.interval)


@dataclass(frozen=True, slots=True)
class LastLook:
    """The last look at a kind.

    Attributes:
        began: When, by the steady clock, in seconds.
        declared: What was declared of the kind then.
        seen: What was seen.
        quiet: Whether it led to no verdict, nothing was done, and nothing goes on.
    """

    began: float
    declared: Mapping[ResourceId, Resource[Any]]
    seen: Mapping[ResourceId, Observation]
    quiet: bool = False


def is_due(
    look: LastLook | None,
    declared: Mapping[ResourceId, Resource[Any]],
    interval: timedelta,
    now: float,
) -> bool:
    """Whether a kind must be looked at, or what was seen of it will do."""
    if look is None or not look.quiet or look.declared != declared:
        return True
    return due_in(look, interval, now) <= TOGETHER


def due_in(look: LastLook, interval: timedelta, now: float) -> timedelta:
    """Return the time until the next look at a kind."""
    passed = timedelta(seconds=now - look.began)
    return max(interval - passed, timedelta())
