"""Which kinds a pass looks at, and what is still known of the others."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import timedelta

from controller.core.clock import Clock
from controller.core.planning.planner import DesiredState
from controller.core.rates.schedule import LastLook, Schedule, due_in, is_due
from controller.core.resources.observation import ObservedState
from controller.engine.observer import Observer, of_kind


class DueKinds:
    """Looks where a look is due, and remembers the rest.

    Without intervals of their own all kinds are due in every pass, and nothing is
    remembered: it would be memory for nothing.
    """

    def __init__(self, observer: Observer, clock: Clock) -> None:
        self._observer = observer
        self._clock = clock
        self._looks: dict[str, LastLook] = {}

    def observe(self, desired: DesiredState, pace: Schedule) -> ObservedState:
        """Return what is seen of the kinds that are due, and was of the others."""
        if not pace.intervals:
            self._looks.clear()
            return self._observer.observe(desired)
        due = tuple(self._due(desired, pace))
        began = self._clock.monotonic()
        observed = self._observer.observe(desired, due)
        for kind in due:
            self._looks[kind] = LastLook(
                began,
                of_kind(desired, kind),
                of_kind(observed.observations, kind),
            )
        seen = {id_: s for look in self._looks.values() for id_, s in look.seen.items()}
        return replace(observed, observations=seen)

    def settle(self, restless: Collection[str]) -> None:
        """Take it that all kinds but ``restless`` may be left alone for a while."""
        for kind, look in self._looks.items():
            self._looks[kind] = replace(look, quiet=kind not in restless)

    def next_in(self, pace: Schedule) -> timedelta:
        """Return the time until a kind is due again."""
        now = self._clock.monotonic()
        waits = [
            due_in(look, pace.of(kind), now)
            for kind, look in self._looks.items()
            if look.declared
        ]
        return min(waits, default=pace.interval)

    def _due(self, desired: DesiredState, pace: Schedule) -> Iterator[str]:
        now = self._clock.monotonic()
        for kind in self._observer.drivers:
            declared, look = of_kind(desired, kind), self._looks.get(kind)
            if pace.everything or is_due(look, declared, pace.of(kind), now):
                yield kind
