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

    Without intervals per kind all kinds are due in every pass. During an outage, the
    passes in between observe only the kinds that probe it and those that are at work.

    Attributes:
        complete: True if the last call of ``observe`` observed all kinds.
    """

    def __init__(self, observer: Observer, clock: Clock) -> None:
        self._observer = observer
        self._clock = clock
        self._last: dict[str, LastObservation] = {}
        self._probing: frozenset[str] = frozenset()
        self._busy: frozenset[str] = frozenset()
        self.complete = False

    def observe(self, desired: DesiredState, schedule: Schedule) -> ObservedState:
        """Return new observations of the kinds that are due, and kept ones of others."""
        by_interval = bool(schedule.intervals or self._probing)
        kinds = tuple(self._observer.drivers)
        due = tuple(self._due(desired, schedule)) if by_interval else kinds
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

    def mark_settled(
        self,
        unsettled: Collection[str],
        probing: Collection[str] = (),
        busy: Collection[str] = (),
    ) -> None:
        """Mark all kinds but ``unsettled`` as settled: their interval applies.

        Args:
            unsettled: Kinds that are to be observed in the next pass.
            probing: Kinds with an outage that is probed; during it, only these and
                ``busy`` ones are observed before their interval.
            busy: Kinds with an operation in progress.
        """
        self._probing, self._busy = frozenset(probing), frozenset(busy)
        for kind, last in self._last.items():
            self._last[kind] = replace(last, settled=kind not in unsettled)

    def next_in(self, schedule: Schedule) -> timedelta:
        """Return the time until a kind is due again."""
        if not schedule.intervals and not self._probing:
            return schedule.interval
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
            if last is not None and self._waits(kind):
                last = replace(last, settled=True)
            if asked or is_due(last, declared, schedule.of(kind), now):
                yield kind

    def _waits(self, kind: str) -> bool:
        """Return True if ``kind`` waits for the end of an outage that others probe."""
        return bool(self._probing) and kind not in self._probing | self._busy
