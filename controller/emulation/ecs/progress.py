"""Completion, failure and rollback of deployments."""

from controller.emulation.ecs import wording
from controller.emulation.ecs.announcements import announce, announce_action
from controller.emulation.ecs.arithmetic import breaker_threshold
from controller.emulation.ecs.context import Context
from controller.emulation.ecs.deployments import (
    finish,
    last_completed,
    roll_back,
    set_rollout_state,
)
from controller.emulation.ecs.lifecycle import request_stop
from controller.emulation.ecs.state import (
    Body,
    Revision,
    Service,
    SimulatedDeployment,
    SimulatedRollout,
    SimulatedTask,
    World,
)
from controller.emulation.ecs.task_health import is_healthy

_ENDING = frozenset({"STOPPING", "DEPROVISIONING", "STOPPED"})


def update_deployment(
    world: World, service: Service, tasks: list[SimulatedTask], context: Context
) -> None:
    """Complete or fail the primary deployment; announce a steady state."""
    rollout, primary = service.rollout, service.primary
    if primary is None:
        return
    if rollout:
        _leave_transient_status(rollout, context)
    if primary.in_progress and _breaker_trips(service, primary):
        _fail(world, service, primary, context)
        return
    _drop_replaced_deployments(service, tasks)
    if _is_steady(service, primary, tasks, context):
        _complete(world, service, primary, context)


def _leave_transient_status(rollout: SimulatedRollout, context: Context) -> None:
    """Move a service deployment out of a transient status."""
    match rollout.status:
        case "PENDING":
            rollout.status = "IN_PROGRESS"
            rollout.started_at = rollout.updated_at = context.now
        case "ROLLBACK_REQUESTED":
            rollout.status = "ROLLBACK_IN_PROGRESS"
            rollout.updated_at = context.now
        case "STOP_REQUESTED":
            finish(rollout, "STOPPED", wording.STOPPED_BY_USER, context)
        case _:
            pass


def _breaker_trips(service: Service, deployment: SimulatedDeployment) -> bool:
    breaker = _breaker(service)
    threshold = breaker_threshold(breaker, service.desired)
    return bool(breaker.get("enable")) and deployment.failed_tasks >= threshold


def _breaker(service: Service) -> Body:
    configuration: Body = service.fields.get("deploymentConfiguration", {})
    breaker: Body = configuration.get("deploymentCircuitBreaker", {})
    return breaker


def _fail(
    world: World, service: Service, primary: SimulatedDeployment, context: Context
) -> None:
    reason = wording.BREAKER_TRIPPED
    set_rollout_state(world, service, primary, "FAILED", reason, context)
    announce(world, service, context, wording.FAILED, deployment=primary.id)
    rollout = service.rollout
    if rollout is None or not rollout.open:
        return
    rollout.tripped = True
    earlier = _rollback_target(service, rollout)
    if earlier is not None:
        rollout.reason = wording.ROLLED_BACK
        reasons = (wording.BREAKER_ROLLBACK, wording.ROLLED_BACK)
        roll_back(world, service, earlier, context, reasons)
    elif rollout.rolling_back:
        finish(rollout, "ROLLBACK_FAILED", wording.ROLLBACK_FAILED, context)
    else:
        finish(rollout, "STOPPED", wording.BREAKER_STOPPED, context)


def _rollback_target(service: Service, rollout: SimulatedRollout) -> Revision | None:
    allowed = _breaker(service).get("rollback") and not rollout.rolling_back
    return last_completed(service) if allowed else None


def _drop_replaced_deployments(service: Service, tasks: list[SimulatedTask]) -> None:
    """Remove deployments without tasks.

    A failed deployment stays until the primary deployment has completed.
    """
    primary = service.primary
    with_tasks = {t.started_by for t in tasks if t.status not in _ENDING}
    service.deployments = [
        d
        for d in service.deployments
        if d is primary
        or d.id in with_tasks
        or (d.rollout_state == "FAILED" and primary and primary.in_progress)
    ]


def _is_steady(
    service: Service,
    primary: SimulatedDeployment,
    tasks: list[SimulatedTask],
    context: Context,
) -> bool:
    if primary.rollout_state == "FAILED":
        return False
    active = [t for t in tasks if t.should_run]
    fresh = [t for t in active if t.started_by == primary.id]
    healthy = sum(is_healthy(t, context) for t in fresh)
    others = any(t.status not in _ENDING for t in tasks if t.started_by != primary.id)
    return not others and len(active) == len(fresh) == healthy == service.desired


def _complete(
    world: World, service: Service, primary: SimulatedDeployment, context: Context
) -> None:
    rollout = service.rollout
    if primary.in_progress:
        reason = wording.DEPLOYED
        set_rollout_state(world, service, primary, "COMPLETED", reason, context)
    if rollout and rollout.open:
        status = "ROLLBACK_SUCCESSFUL" if rollout.rolling_back else "SUCCESSFUL"
        finish(rollout, status, None, context)
    since = service.steady_since
    if since is None or context.now - since >= context.timing.steady_state_repeats:
        service.steady_since = context.now
        announce(world, service, context, wording.STEADY)
        announce_action(service, context, "SERVICE_STEADY_STATE")


def drain(service: Service, tasks: list[SimulatedTask], context: Context) -> None:
    """Stop the tasks of a deleted service; it is INACTIVE once all are stopping."""
    for task in tasks:
        reason = wording.SCALING.format(deployment=task.started_by)
        request_stop(task, "ServiceSchedulerInitiated", reason, context)
    if all(t.status in _ENDING for t in tasks):
        service.status = "INACTIVE"
        service.inactive_since = context.now
        service.deployments = []
