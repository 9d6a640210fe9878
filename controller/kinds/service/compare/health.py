"""When a service must be left alone, and how it does."""

from collections.abc import Iterator
from datetime import timedelta

from controller.core.resources.kind import Finding, Health, HealthLevel, HoldReason
from controller.core.resources.plan import Change, Hold, Reason
from controller.kinds.service.discovery.registration import unregistered
from controller.kinds.service.images.changes import advised, only_forced
from controller.kinds.service.images.changes import held as fresh_held
from controller.kinds.service.render.effective import settled
from controller.kinds.service.render.fingerprint import content
from controller.kinds.service.rollout.status import Phase, Rollout, rollout_of
from controller.kinds.service.routes.findings import findings
from controller.kinds.service.routes.findings import held as routes_held
from controller.kinds.service.routes.undeclared import UndeclaredRoutes, cleanup_changes
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.service import LEFTOVER, ServiceState


def held(
    spec: ServiceSpec, state: ServiceState, changes: tuple[Change, ...]
) -> HoldReason | None:
    """Return what forbids acting now: a deletion, a rejection, our own rollout."""
    if state.status == "DRAINING":
        return HoldReason(Hold.ROLLOUT_IN_PROGRESS, "ECS is deleting the service.")
    others = routes_held(spec, state.routing)
    if others is not None:
        return others
    waits = fresh_held(spec, state, changes)
    if waits is not None:
        return waits
    wanted = content(settled(spec, state))
    for rejection in state.rejected:
        # A newer image, or a newer secret, is something else than what failed.
        if rejection.content == wanted and not only_forced(changes):
            return HoldReason(Hold.REVISION_REJECTED, rejection.message)
    primary = state.primary
    if not changes and primary is not None and primary.rollout == "IN_PROGRESS":
        rollout = rollout_of(state, _deadline(spec))
        message = _sentence(rollout.message, state.problem)
        stalled = rollout.phase is Phase.STALLED
        hold = Hold.ROLLOUT_STALLED if stalled else Hold.ROLLOUT_IN_PROGRESS
        return HoldReason(hold, message)
    return None


def found(spec: ServiceSpec, state: ServiceState) -> tuple[Finding, ...]:
    """Return what of the service's surroundings is a person's to settle."""
    routes = findings(spec, state.routing) if spec.routes else ()
    return (*routes, *advised(spec, state), *_inactive(state))


def _inactive(state: ServiceState) -> Iterator[Finding]:
    """Yield that what the service runs was deregistered.

    It runs on, and tasks are replaced; an update must name another. "Deregistering an
    Amazon ECS task definition revision", developer guide.
    """
    if state.described.get("status") == "INACTIVE":
        revision = state.definition_arn.rpartition("/")[2]
        message = (
            f"{revision} is INACTIVE, since somebody deregistered it: its tasks go on, "
            "and ECS starts no new deployment of it, as for `hokusai restart`. The next "
            "change of what its tasks are registers another."
        )
        command = f"aws ecs describe-task-definition --task-definition {revision}"
        yield Finding("task.status", Reason.PREFLIGHT_WARNING, message, command)


def remains(state: ServiceState) -> tuple[Change, ...]:
    """Return what deleting takes away of what is no service, but was made for one."""
    group = state.routing.group
    if state.status != LEFTOVER or group is None:
        return ()
    return cleanup_changes(
        UndeclaredRoutes(state.settings["serviceName"], group.name), state.routing
    )


def writer(state: ServiceState) -> str:
    """Return who registered what the service runs; ECS says no more than that."""
    return state.registered_by


def health(spec: ServiceSpec, state: ServiceState) -> Health:
    """Return whether the tasks that should run do, in the revision they should."""
    primary = state.primary
    if state.status != "ACTIVE" or primary is None:
        return Health(
            HealthLevel.PROGRESSING, "Draining", "ECS is deleting the service."
        )
    rollout = rollout_of(state, _deadline(spec))
    match rollout.phase, primary.rollout:
        case Phase.FAILED, _:
            return _verdict(HealthLevel.DEGRADED, "RolloutFailed", rollout, state)
        case Phase.STALLED, _:
            return _verdict(HealthLevel.DEGRADED, "RolloutStalled", rollout, state)
        case Phase.ROLLING_BACK, _:
            return _verdict(HealthLevel.PROGRESSING, "RollingBack", rollout, state)
        case _, "IN_PROGRESS":
            return _verdict(
                HealthLevel.PROGRESSING, "RolloutInProgress", rollout, state
            )
        case _:
            return _serving(state, primary.definition_arn.rpartition("/")[2])


def _serving(state: ServiceState, revision: str) -> Health:
    """Return whether what ECS is done with does its work."""
    if state.crash_loop:
        # Told whether or not all tasks run at this moment: they will not for long.
        return Health(HealthLevel.DEGRADED, "CrashLooping", state.crash_loop)
    count = f"{state.running} of {state.desired} tasks run {revision}"
    if state.running < state.desired:
        return Health(
            HealthLevel.DEGRADED, "TasksMissing", _sentence(count, state.problem)
        )
    if state.registration.missing:
        message = unregistered(state.discovery or "", state.registration)
        return Health(HealthLevel.DEGRADED, "NotRegistered", message)
    if not state.not_serving:
        unseen = state.registration.unseen
        and_so = f" Who is registered could not be seen: {unseen}." if unseen else ""
        return Health(HealthLevel.HEALTHY, "Running", f"{count}.{and_so}")
    message = _sentence(count, "; ".join(state.not_serving))
    if state.settled:
        return Health(HealthLevel.DEGRADED, "NotServing", message)
    return Health(HealthLevel.PROGRESSING, "Settling", message)


def _deadline(spec: ServiceSpec) -> timedelta:
    return timedelta(seconds=spec.deployment.progress_deadline)


def _verdict(
    level: HealthLevel, reason: str, rollout: Rollout, state: ServiceState
) -> Health:
    return Health(level, reason, _sentence(rollout.message, state.problem))


def _sentence(what: str, why: str) -> str:
    return f"{what}: {why.rstrip('.')}." if why else f"{what}."
