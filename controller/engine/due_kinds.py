"""Observation of the kinds that are due, with the last observation of the others."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import timedelta

from controller.core.clock import Clock
from controller.core.planning.planner import DesiredState
from controller.core.rates.schedule import LastObservation, Schedule, due_in, is_due
from controller.core.resources.observation import ObservedState
from controller.engine.observer import Observer, of_kind


class DueKinds:
    """Observes the kinds that are due, and keeps the observations of the others.

    Without intervals per kind all kinds are due in every pass, and nothing is kept.

    Attributes:
        complete: True if the last call of ``observe`` observed all kinds.
    """

    def __init__(self, observer: Observer, clock: Clock) -> None:
        self._observer = observer
        self._clock = clock
        self._last: dict[str, LastObservation] = {}
        self.complete = False

    def observe(self, desired: DesiredState, schedule: Schedule) -> ObservedState:
        """Return new observations of the kinds that are due, and kept ones of others."""
        if not schedule.intervals:
            self._last.clear()
            self.complete = True
            return self._observer.observe(desired)
        due = tuple(self._due(desired, schedule))
        self.complete = len(due) == len(self._observer.drivers)
        began = self._clock.monotonic()
        observed = self._observer.observe(desired, due)
        for kind in due:
            self._last[kind] = LastObservation(
                began,
                of_kind(desired, kind),
                of_kind(observed.observations, kind),
            )
        seen = {id_: s for last in self._last.values() for id_, s in last.seen.items()}
        return replace(observed, observations=seen)

    def mark_settled(self, unsettled: Collection[str]) -> None:
        """Mark all kinds but ``unsettled`` as settled: their interval applies."""
        for kind, last in self._last.items():
            self._last[kind] = replace(last, settled=kind not in unsettled)

    def next_in(self, schedule: Schedule) -> timedelta:
        """Return the time until a kind is due again."""
        now = self._clock.monotonic()
        waits = [
            due_in(last, schedule.of(kind), now)
            for kind, last in self._last.items()
            if last.declared
        ]
        return min(waits, default=schedule.interval)

    def _due(self, desired: DesiredState, schedule: Schedule) -> Iterator[str]:
        now = self._clock.monotonic()
        for kind in self._observer.drivers:
            declared, last = of_kind(desired, kind), self._last.get(kind)
            asked = schedule.everything or kind in schedule.changed
            if asked or is_due(last, declared, schedule.of(kind), now):
                yield kind
