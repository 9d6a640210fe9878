"""Schedule of observations: the interval of each kind, and the next due time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from controller.core.document.resource import Resource, ResourceId
from controller.core.resources.observation import Observation

# Kinds that are due within this time are observed together: timers are not exact.
TOGETHER = timedelta(milliseconds=500)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Intervals of observations and preflight checks.

    Attributes:
        interval: Time between two observations of a kind.
        intervals: Intervals of kinds that have their own.
        everything: True if this pass observes all kinds, due or not.
        changed: Kinds to observe in this pass, due or not.
        inspections: Time between two preflight checks of all resources; None to check
            only those that are about to be deployed.
    """

    interval: timedelta
    intervals: Mapping[str, timedelta] = field(default_factory=dict)
    everything: bool = True
    inspections: timedelta | None = None
    changed: frozenset[str] = frozenset()

    def of(self, kind: str) -> timedelta:
        """Return the time between two observations of ``kind``."""
        return self.intervals.get(kind, self.interval)


@dataclass(frozen=True, slots=True)
class LastObservation:
    """The last observation of a kind.

    Attributes:
        began: Start, in seconds of the monotonic clock.
        declared: Resources of the kind declared at that time.
        seen: Observations.
        settled: True if there was no verdict, no action and nothing in progress.
    """

    began: float
    declared: Mapping[ResourceId, Resource[Any]]
    seen: Mapping[ResourceId, Observation]
    settled: bool = False


def is_due(
    last: LastObservation | None,
    declared: Mapping[ResourceId, Resource[Any]],
    interval: timedelta,
    now: float,
) -> bool:
    """Return True if a kind must be observed again; else the last observation serves."""
    if last is None or not last.settled or last.declared != declared:
        return True
    return due_in(last, interval, now) <= TOGETHER


def due_in(last: LastObservation, interval: timedelta, now: float) -> timedelta:
    """Return the time until the next observation of a kind."""
    passed = timedelta(seconds=now - last.began)
    return max(interval - passed, timedelta())
