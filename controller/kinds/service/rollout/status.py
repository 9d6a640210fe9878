"""Status of the controller's last rollout, from ECS's records.

A stable service is not a success: ECS also calls a service stable after a rollback. The
result of the controller's own deployment counts, which is identified by the id that ECS
assigned. See the API reference, ServiceDeployment.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any

from controller.core.document.resource import Resource
from controller.kinds.service.render.effective import effective_spec
from controller.kinds.service.render.fingerprint import definition_hash
from controller.kinds.service.state.retry_requests import (
    id_of,
    retried_deployments,
    retry_hint,
)
from controller.kinds.service.state.service import (
    Deployment,
    Rejection,
    ServiceDeployment,
    ServiceState,
)
from controller.kinds.service.tags import ServiceTags


class Phase(StrEnum):
    """Phase of a rollout; the value completes "The rollout ..."."""

    IN_PROGRESS = "is in progress"
    STALLED = "is stalled"
    ROLLING_BACK = "is being rolled back"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ROLLED_BACK = "was rolled back"
    STOPPED = "was stopped"
    SUPERSEDED = "was superseded"


# Phases after which the rollout does not go on.
ENDED = frozenset({Phase.SUCCEEDED, Phase.FAILED, Phase.ROLLED_BACK, Phase.STOPPED})
# Statuses of a service deployment that is being rolled back or stopped, or was.
_PHASES = {
    "ROLLBACK_REQUESTED": Phase.ROLLING_BACK,
    "ROLLBACK_IN_PROGRESS": Phase.ROLLING_BACK,
    "ROLLBACK_SUCCESSFUL": Phase.ROLLED_BACK,
    "ROLLBACK_FAILED": Phase.FAILED,
    "STOP_REQUESTED": Phase.STOPPED,
    "STOPPED": Phase.STOPPED,
}
_ROLLED_BACK = frozenset(
    {"ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL"}
)
# Stages in which ECS waits on purpose; API reference, lifecycleStage.
_WAITING_STAGES = frozenset({"BAKE_TIME"})


@dataclass(frozen=True, slots=True)
class Rollout:
    """The controller's last rollout of a service.

    Attributes:
        phase: Phase of the rollout.
        message: Sentence about it, without a full stop.
    """

    phase: Phase
    message: str


def rollout_of(state: ServiceState, deadline: timedelta) -> Rollout:
    """Return the status of the controller's last rollout.

    Args:
        state: Observed state of the service.
        deadline: Time without progress after which a rollout is stalled.
    """
    primary = state.primary
    if primary is None:
        return Rollout(Phase.IN_PROGRESS, "ECS has not started a deployment yet")
    phase = _phase(state, primary, deadline)
    return Rollout(phase, "".join(_message(state, primary, phase, deadline)))


def _phase(state: ServiceState, primary: Deployment, deadline: timedelta) -> Phase:
    deployment, ours = state.service_deployment, state.our_deployment or primary.id
    if primary.rollout == "FAILED":
        return Phase.FAILED
    if deployment and deployment.target == ours and deployment.status in _PHASES:
        return _PHASES[deployment.status]
    if primary.id != ours:
        return Phase.SUPERSEDED
    if primary.rollout == "IN_PROGRESS":
        return Phase.STALLED if _is_stalled(state, deadline) else Phase.IN_PROGRESS
    return Phase.SUCCEEDED


def _is_stalled(state: ServiceState, deadline: timedelta) -> bool:
    """Return True if the deadline has passed, outside of stages that wait."""
    waits = (
        state.service_deployment is not None
        and state.service_deployment.stage in _WAITING_STAGES
    )
    return state.stalled_for >= deadline and not waits


def _message(
    state: ServiceState, primary: Deployment, phase: Phase, deadline: timedelta
) -> Iterator[str]:
    revision = primary.definition_arn.rpartition("/")[2]
    match phase:
        case Phase.IN_PROGRESS:
            yield f"Rolling out {revision}: "
            yield from _counts(primary, state.service_deployment)
        case Phase.STALLED:
            # Without pending tasks and times, which change: the message must not.
            yield f"Rolling out {revision}: "
            yield from _counts(replace(primary, pending=0), state.service_deployment)
            minutes = deadline.total_seconds() / 60
            yield f"; no progress within {minutes:.0f} min"
        case Phase.ROLLING_BACK:
            yield f"Rolling back to {revision}: "
            yield from _counts(primary, None)
        case Phase.SUPERSEDED:
            yield f"A deployment outside the controller replaced its rollout; {revision}"
            yield " is deployed"
        case _:
            yield f"The rollout {phase}; {revision} is deployed"


def _counts(primary: Deployment, deployment: ServiceDeployment | None) -> Iterator[str]:
    yield f"{primary.running} running, {primary.desired} desired"
    if primary.pending:
        yield f", {primary.pending} pending"
    if deployment is not None and deployment.failures:
        yield f", {deployment.failures} failed"
        if deployment.threshold:
            yield f" (circuit breaker: {deployment.threshold})"
    elif primary.failed:
        yield f", {primary.failed} failed"
    if deployment is not None and deployment.stage:
        yield f"; stage: {deployment.stage.lower().replace('_', ' ')}"


def rolled_back_deployment(
    resource: Resource[Any], state: ServiceState
) -> ServiceDeployment | None:
    """Return the deployment of the declaration if ECS rolled it back.

    It is identified by its id, and the declaration by the generation in the tags.
    """
    deployment = state.service_deployment
    is_applied = ServiceTags.of(state.settings).applied == resource.generation
    if not deployment or not is_applied or deployment.target != state.our_deployment:
        return None
    is_retried = id_of(deployment.arn) in retried_deployments(state.settings)
    return deployment if deployment.status in _ROLLED_BACK and not is_retried else None


def rejected_declaration(
    resource: Resource[Any], state: ServiceState, problem: str
) -> Iterator[Rejection]:
    """Yield a rejection of the declaration if ECS rolled its deployment back.

    Needed for a deployment that changes no task definition, such as one that moves
    tasks to other subnets, and while the service still shows the failed revision.

    Args:
        resource: Declared service.
        state: Observed state of the service.
        problem: Reason why its tasks stop; empty if unknown.
    """
    deployment = rolled_back_deployment(resource, state)
    if deployment is None:
        return
    because = problem or deployment.reason.rstrip(".")
    cause = f": {because}" if because else ""
    hint = retry_hint(resource.id.name)
    message = f"The last applied change was rolled back{cause}. {hint}"
    content = definition_hash(effective_spec(resource.spec, state))
    yield Rejection(content, message, id_of(deployment.arn))
