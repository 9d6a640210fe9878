"""``apply`` where somebody else holds the lease: ask them, and follow what they do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from controller.core.clock import Clock
from controller.core.document.resource import ResourceId
from controller.core.errors import RefusedError
from controller.core.planning.planner import DesiredState
from controller.core.resources.condition import Conditions, ConditionType, Truth
from controller.store.heartbeat import Heartbeat

Statuses = Mapping[ResourceId, Conditions]

_PAUSE_SECONDS = 0.5
# A pass may take a while; nobody at all is noticed sooner than by the timeout.
_SILENCE_SECONDS = 90.0


class Holder(Protocol):
    """Whoever can be asked for a pass, and tells how everything does."""

    def both(self) -> tuple[Statuses, Heartbeat | None]:
        """Return what was concluded, and by which pass."""
        ...

    def ask(self, reason: str) -> int:
        """Leave a wish for a pass."""
        ...


@dataclass(frozen=True, slots=True)
class FollowedResult:
    """What came of it.

    Attributes:
        statuses: Conditions of what was asked for.
        others: What the controller there has as another declaration, or not at all.
    """

    statuses: Statuses
    others: tuple[ResourceId, ...]

    @property
    def converged(self) -> bool:
        """Whether everything is ready, as it is declared here."""
        return not self.others and all(map(_is_ready, self.statuses.values()))

    @property
    def settled(self) -> bool:
        """Whether waiting would change nothing."""
        return self.converged or not any(map(_goes_on, self.statuses.values()))


class DelegatedApply:
    """Asks the holder of the lease for passes until all is as declared."""

    def __init__(self, holder: Holder, clock: Clock, desired: DesiredState) -> None:
        self._holder = holder
        self._clock = clock
        self._desired = desired

    def until_settled(
        self, timeout: float, told: Callable[[Statuses, float], None]
    ) -> FollowedResult:
        """Ask, and follow until nothing is under way any more, or time is up.

        Args:
            timeout: Seconds after which to stop waiting.
            told: Called after each pass, with the seconds since the start.

        Raises:
            RefusedError: nobody does passes there.
        """
        began = self._clock.monotonic()
        # The pass that ends next may have begun before we asked; the one after it
        # has not.
        self._next_pass(timeout)
        while True:
            followed = self._next_pass(timeout)
            elapsed = self._clock.monotonic() - began
            told(followed.statuses, elapsed)
            if followed.settled or elapsed >= timeout:
                return followed

    def _next_pass(self, timeout: float) -> FollowedResult:
        """Ask for a pass, and return what was concluded once one has ended."""
        _, before = self._holder.both()
        self._holder.ask("asked by apply")
        deadline = self._clock.monotonic() + min(timeout, _SILENCE_SECONDS)
        while True:
            statuses, last = self._holder.both()
            if _moment(last) != _moment(before):
                return self._followed(statuses)
            if self._clock.monotonic() >= deadline:
                raise RefusedError(_nobody(before))
            self._clock.sleep(_PAUSE_SECONDS)

    def _followed(self, statuses: Statuses) -> FollowedResult:
        others = tuple(
            id_
            for id_, resource in self._desired.items()
            if id_ not in statuses or _generation(statuses[id_]) != resource.generation
        )
        asked = {id_: c for id_, c in statuses.items() if id_ in self._desired}
        return FollowedResult(asked, others)


def _nobody(before: Heartbeat | None) -> str:
    last = f"; the last one ended at {before.beat:%H:%M:%S} UTC" if before else ""
    return f"nobody does passes there{last}: start `hokusai run`"


def _moment(beat: Heartbeat | None) -> datetime | None:
    return beat.beat if beat else None


def _generation(conditions: Conditions) -> str:
    return conditions[ConditionType.READY].observed_generation


def _is_ready(conditions: Conditions) -> bool:
    return conditions[ConditionType.READY].status is Truth.TRUE


def _goes_on(conditions: Conditions) -> bool:
    return conditions[ConditionType.RECONCILING].status is Truth.TRUE
