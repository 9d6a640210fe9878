"""``apply`` while another controller holds the lease: request passes and follow them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from controller.core.clock import Clock
from controller.core.document.resource import ResourceId
from controller.core.errors import RefusedError
from controller.core.planning.planner import DesiredState
from controller.core.resources.condition import Conditions, ConditionType, Truth
from controller.core.values.utc_text import utc_text
from controller.store.heartbeat import Heartbeat

Statuses = Mapping[ResourceId, Conditions]

_PAUSE_SECONDS = 0.5
# A pass may take a while; a missing controller is noticed sooner than by the timeout.
_SILENCE_SECONDS = 90.0


class Holder(Protocol):
    """Holder of the lease: accepts requests for passes and reports conditions."""

    def both(self) -> tuple[Statuses, Heartbeat | None]:
        """Return the last conditions, with the time and holder of the pass."""
        ...

    def ask(self, reason: str) -> int:
        """Request a pass."""
        ...


@dataclass(frozen=True, slots=True)
class FollowedResult:
    """Result of a delegated apply.

    Attributes:
        statuses: Conditions of the selected resources.
        others: Resources that the other controller declares differently or not at all.
    """

    statuses: Statuses
    others: tuple[ResourceId, ...]

    @property
    def converged(self) -> bool:
        """True if everything is ready, as declared here."""
        return not self.others and all(map(_is_ready, self.statuses.values()))

    @property
    def settled(self) -> bool:
        """True if waiting would change nothing."""
        return self.converged or not any(map(_goes_on, self.statuses.values()))


class DelegatedApply:
    """Requests passes from the holder of the lease until all is in sync."""

    def __init__(self, holder: Holder, clock: Clock, desired: DesiredState) -> None:
        self._holder = holder
        self._clock = clock
        self._desired = desired

    def until_settled(
        self, timeout: float, told: Callable[[Statuses, float], None]
    ) -> FollowedResult:
        """Request passes and follow them until nothing is in progress, or until the timeout.

        Args:
            timeout: Seconds after which to stop waiting.
            told: Callback after each pass, with the seconds since the start.

        Raises:
            RefusedError: no controller is reconciling there.
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
        """Request a pass, and return the conditions after it."""
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
    last = f"; the last one ended at {utc_text(before.beat)}" if before else ""
    return f"no controller is reconciling there{last}: start `hokusai run`"


def _moment(beat: Heartbeat | None) -> datetime | None:
    return beat.beat if beat else None


def _generation(conditions: Conditions) -> str:
    return conditions[ConditionType.READY].observed_generation


def _is_ready(conditions: Conditions) -> bool:
    return conditions[ConditionType.READY].status is Truth.TRUE


def _goes_on(conditions: Conditions) -> bool:
    return conditions[ConditionType.RECONCILING].status is Truth.TRUE
