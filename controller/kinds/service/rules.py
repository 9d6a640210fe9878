"""When a service must be left alone, and how it does."""

from controller.core.kind import Health, Held, Level
from controller.core.plan import Change, Hold
from controller.kinds.service.compare import content
from controller.kinds.service.spec import ServiceSpec
from controller.kinds.service.state import Deployment, ServiceState


def held(
    spec: ServiceSpec, state: ServiceState, changes: tuple[Change, ...]
) -> Held | None:
    """Return what forbids acting now: a deletion, a rejection, our own rollout."""
    if state.status == "DRAINING":
        return Held(Hold.ROLLOUT_IN_PROGRESS, "ECS is deleting the service.")
    wanted = content(spec)
    for rejection in state.rejected:
        if rejection.content == wanted:
            return Held(Hold.REVISION_REJECTED, rejection.message)
    primary = state.primary
    if not changes and primary is not None and primary.rollout == "IN_PROGRESS":
        return Held(Hold.ROLLOUT_IN_PROGRESS, _progress(primary))
    return None


def writer(state: ServiceState) -> str:
    """Return who registered what the service runs; ECS says no more than that."""
    return state.registered_by


def health(_spec: ServiceSpec, state: ServiceState) -> Health:
    """Return whether the tasks that should run do, in the revision they should."""
    primary = state.primary
    if state.status != "ACTIVE" or primary is None:
        return Health(Level.PROGRESSING, "Draining", "ECS is deleting the service.")
    revision = primary.definition_arn.rpartition("/")[2]
    if primary.rollout == "FAILED":
        message = _sentence(f"The rollout of {revision} failed", state.problem)
        return Health(Level.DEGRADED, "RolloutFailed", message)
    if primary.rollout == "IN_PROGRESS":
        message = _sentence(_progress(primary).rstrip("."), state.problem)
        return Health(Level.PROGRESSING, "RolloutInProgress", message)
    count = f"{state.running} of {state.desired} tasks run {revision}"
    if state.running < state.desired:
        return Health(Level.DEGRADED, "TasksMissing", _sentence(count, state.problem))
    return Health(Level.HEALTHY, "Running", f"{count}.")


def _progress(deployment: Deployment) -> str:
    revision = deployment.definition_arn.rpartition("/")[2]
    return (
        f"{revision} rolls out: {deployment.running} of {deployment.desired} tasks run."
    )


def _sentence(what: str, why: str) -> str:
    return f"{what}: {why.rstrip('.')}." if why else f"{what}."
