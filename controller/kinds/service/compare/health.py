"""Health of a service, its findings, and reasons not to act on it."""

from collections.abc import Iterator
from datetime import timedelta

from controller.core.resources.kind import (
    MEANWHILE,
    Finding,
    Health,
    HealthLevel,
    HoldReason,
)
from controller.core.resources.plan import Change, Hold, Reason
from controller.kinds.service.discovery.registration import unregistered
from controller.kinds.service.images.outdated_digests import hold_reason as images_held
from controller.kinds.service.images.outdated_digests import (
    is_only_forced,
    outdated_findings,
)
from controller.kinds.service.render.effective import effective_spec
from controller.kinds.service.render.fingerprint import definition_hash
from controller.kinds.service.rollout.status import Phase, Rollout, rollout_of
from controller.kinds.service.routes.attachment import (
    check_rejection,
    restores_check,
)
from controller.kinds.service.routes.findings import findings
from controller.kinds.service.routes.findings import held as routes_held
from controller.kinds.service.routes.undeclared import UndeclaredRoutes, cleanup_changes
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.service import LEFTOVER, Rejection, ServiceState


def hold_reason(
    spec: ServiceSpec, state: ServiceState, changes: tuple[Change, ...]
) -> HoldReason | None:
    """Return the reason not to act now, such as a rejected revision or a rollout."""
    if state.status == "DRAINING":
        return HoldReason(Hold.ROLLOUT_IN_PROGRESS, "ECS is deleting the service.")
    conflict = routes_held(spec, state.routing)
    if conflict is not None:
        return conflict
    wait = images_held(spec, state, changes)
    if wait is not None:
        return wait
    if restores_check(changes):
        return None
    return _failed(spec, state, changes) or _rolling_out(spec, state, changes)


def _failed(
    spec: ServiceSpec, state: ServiceState, changes: tuple[Change, ...]
) -> HoldReason | None:
    """Return the hold on a rejected revision, or on a health check that fails."""
    wanted = definition_hash(effective_spec(spec, state))
    for rejection in state.rejected:
        # A newer image or secret is another content than the one that failed.
        if rejection.content == wanted and not is_only_forced(changes):
            return HoldReason(Hold.REVISION_REJECTED, _rejected(rejection, state))
    failed = check_rejection(spec, state.routing, state.settings, changes)
    return HoldReason(Hold.PREFLIGHT_FAILED, failed) if failed else None


def _rolling_out(
    spec: ServiceSpec, state: ServiceState, changes: tuple[Change, ...]
) -> HoldReason | None:
    """Return the hold during a rollout of the declaration."""
    primary = state.primary
    if not changes and primary is not None and primary.rollout == "IN_PROGRESS":
        rollout = rollout_of(state, _deadline(spec))
        message = _sentence(rollout.message, _waits_for(state))
        stalled = rollout.phase is Phase.STALLED
        hold = Hold.ROLLOUT_STALLED if stalled else Hold.ROLLOUT_IN_PROGRESS
        return HoldReason(hold, message)
    return None


def _rejected(rejection: Rejection, state: ServiceState) -> str:
    """Return the message of a rejection, and of the earlier revision if it fails too."""
    if not state.not_serving:
        return rejection.message
    revision = state.definition_arn.rpartition("/")[2]
    problems = "; ".join(state.not_serving)
    return f"{rejection.message}{MEANWHILE}{revision} is not serving: {problems}."


def findings_of(spec: ServiceSpec, state: ServiceState) -> tuple[Finding, ...]:
    """Return the problems that only a user can solve, each with a command."""
    routes = findings(spec, state.routing) if spec.routes else ()
    return (*routes, *outdated_findings(spec, state), *_inactive(state))


def _inactive(state: ServiceState) -> Iterator[Finding]:
    """Yield a finding if the deployed task definition was deregistered.

    ECS still replaces its tasks, but a new deployment needs another revision.
    "Deregistering an Amazon ECS task definition revision", developer guide.
    """
    if state.described.get("status") == "INACTIVE":
        revision = state.definition_arn.rpartition("/")[2]
        message = (
            f"{revision} is INACTIVE because it was deregistered: its tasks keep "
            "running, but ECS starts no new deployment of it, so `hokusai restart` is "
            "refused. The next change of its tasks registers another revision."
        )
        command = f"aws ecs describe-task-definition --task-definition {revision}"
        yield Finding("task.status", Reason.PREFLIGHT_WARNING, message, command)


def leftover_changes(state: ServiceState) -> tuple[Change, ...]:
    """Return the changes that delete a target group left behind by a service."""
    group = state.routing.group
    if state.status != LEFTOVER or group is None:
        return ()
    return cleanup_changes(
        UndeclaredRoutes(state.settings["serviceName"], group.name), state.routing
    )


def writer(state: ServiceState) -> str:
    """Return the principal that registered the deployed task definition.

    ECS records no other author of a change.
    """
    return state.registered_by


def health(spec: ServiceSpec, state: ServiceState) -> Health:
    """Return the health of a service, from its rollout, its tasks and its targets."""
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
    """Return the health of a service whose rollout is complete."""
    if state.crash_loop:
        # Reported even if all tasks run at this moment: they will not for long.
        return Health(HealthLevel.DEGRADED, "CrashLooping", state.crash_loop)
    count = f"{state.running} running, {state.desired} desired ({revision})"
    if state.running < state.desired:
        return Health(
            HealthLevel.DEGRADED, "TasksMissing", _sentence(count, state.problem)
        )
    if state.registration.missing:
        message = unregistered(state.discovery or "", state.registration)
        return Health(HealthLevel.DEGRADED, "NotRegistered", message)
    if not state.not_serving:
        unseen = state.registration.unseen
        note = f" Registrations could not be read: {unseen}." if unseen else ""
        return Health(HealthLevel.HEALTHY, "Running", f"{count}.{note}")
    message = _sentence(count, "; ".join(state.not_serving))
    if state.settled:
        return Health(HealthLevel.DEGRADED, "NotServing", message)
    return Health(HealthLevel.PROGRESSING, "Stabilizing", message)


def _deadline(spec: ServiceSpec) -> timedelta:
    return timedelta(seconds=spec.deployment.progress_deadline)


def _verdict(
    level: HealthLevel, reason: str, rollout: Rollout, state: ServiceState
) -> Health:
    return Health(level, reason, _sentence(rollout.message, _waits_for(state)))


def _waits_for(state: ServiceState) -> str:
    """Return the reason why a rollout is not complete, without a full stop."""
    return state.problem or "; ".join(state.not_serving)


def _sentence(fact: str, cause: str) -> str:
    return f"{fact}: {cause.rstrip('.')}." if cause else f"{fact}."
