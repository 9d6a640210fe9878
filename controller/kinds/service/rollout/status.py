"""Where a rollout stands, by ECS's own records of it.

"Stable" is not the word for success: ECS calls a service stable after it went back to
the old revision, too. What counts is our own deployment, known by the id that ECS gave
it, and what became of that one. See the API reference, ServiceDeployment.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from controller.kinds.service.state.service import (
    Deployment,
    ServiceDeployment,
    ServiceState,
)


class Phase(StrEnum):
    """Where a rollout stands; completes "the rollout ..."."""

    UNDER_WAY = "is under way"
    STALLED = "is stalled"
    ROLLING_BACK = "is being rolled back"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ROLLED_BACK = "was rolled back"
    STOPPED = "was stopped"
    SUPERSEDED = "was superseded"


# What ECS says of a service deployment once it is not on its way forward any more.
_BACKWARDS = {
    "ROLLBACK_REQUESTED": Phase.ROLLING_BACK,
    "ROLLBACK_IN_PROGRESS": Phase.ROLLING_BACK,
    "ROLLBACK_SUCCESSFUL": Phase.ROLLED_BACK,
    "ROLLBACK_FAILED": Phase.FAILED,
    "STOP_REQUESTED": Phase.STOPPED,
    "STOPPED": Phase.STOPPED,
}
# Stages in which ECS waits, and traffic is watched; API reference, lifecycleStage.
_ON_PURPOSE = frozenset({"BAKE_TIME"})


@dataclass(frozen=True, slots=True)
class Rollout:
    """Our last rollout of a service.

    Attributes:
        phase: Where it stands.
        message: The same in a sentence, without a full stop.
    """

    phase: Phase
    message: str


def rollout_of(state: ServiceState, deadline: timedelta) -> Rollout:
    """Return where our last rollout stands.

    Args:
        state: What was seen of the service.
        deadline: Without progress for so long, a rollout is stalled.
    """
    primary = state.primary
    if primary is None:
        return Rollout(Phase.UNDER_WAY, "ECS works on the service")
    phase = _phase(state, primary, deadline)
    return Rollout(phase, "".join(_told(state, primary, phase, deadline)))


def _phase(state: ServiceState, primary: Deployment, deadline: timedelta) -> Phase:
    flight, ours = state.service_deployment, state.our_deployment or primary.id
    if primary.rollout == "FAILED":
        return Phase.FAILED
    if flight is not None and flight.target == ours and flight.status in _BACKWARDS:
        return _BACKWARDS[flight.status]
    if primary.id != ours:
        return Phase.SUPERSEDED
    if primary.rollout == "IN_PROGRESS":
        return Phase.STALLED if _is_stuck(state, deadline) else Phase.UNDER_WAY
    return Phase.SUCCEEDED


def _is_stuck(state: ServiceState, deadline: timedelta) -> bool:
    """Whether nothing has moved for too long, and nothing was to move."""
    waits = (
        state.service_deployment is not None
        and state.service_deployment.stage in _ON_PURPOSE
    )
    return state.stalled_for >= deadline and not waits


def _told(
    state: ServiceState, primary: Deployment, phase: Phase, deadline: timedelta
) -> Iterator[str]:
    revision = primary.definition_arn.rpartition("/")[2]
    match phase:
        case Phase.UNDER_WAY:
            yield f"{revision} rolls out: "
            yield from _counts(primary, state.service_deployment)
        case Phase.STALLED:
            # Neither tasks that come and go nor the time: it stays one sentence.
            yield f"{revision} rolls out: "
            yield from _counts(replace(primary, pending=0), state.service_deployment)
            minutes = deadline.total_seconds() / 60
            yield f"; no progress within {minutes:.0f} min"
        case Phase.ROLLING_BACK:
            yield f"ECS goes back to {revision}: "
            yield from _counts(primary, None)
        case Phase.SUPERSEDED:
            yield f"Another deployment than ours put {revision} in place"
        case _:
            yield f"The rollout {phase}; {revision} is in place"


def _counts(primary: Deployment, flight: ServiceDeployment | None) -> Iterator[str]:
    yield f"{primary.running} of {primary.desired} tasks run"
    if primary.pending:
        yield f", {primary.pending} start"
    if flight is not None and flight.failures:
        most = f" of {flight.threshold}" if flight.threshold else ""
        yield f", {flight.failures}{most} failed"
    elif primary.failed:
        yield f", {primary.failed} failed"
    if flight is not None and flight.stage:
        yield f" ({flight.stage.lower().replace('_', ' ')})"
