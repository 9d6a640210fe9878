"""How a deployment ends: completed, failed, or rolled back."""

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
from controller.emulation.ecs.task_fitness import is_fit

_GONE = frozenset({"STOPPING", "DEPROVISIONING", "STOPPED"})


def judge_deployment(
    world: World, service: Service, tasks: list[SimulatedTask], context: Context
) -> None:
    """Complete or fail the primary deployment; say when the service is steady."""
    rollout, primary = service.rollout, service.primary
    if primary is None:
        return
    if rollout:
        _move_on(rollout, context)
    if primary.in_progress and _breaker_trips(service, primary):
        _fail(world, service, primary, context)
        return
    _forget_replaced(service, tasks)
    if _is_steady(service, primary, tasks, context):
        _complete(world, service, primary, context)


def _move_on(rollout: SimulatedRollout, context: Context) -> None:
    """Let a service deployment leave the states that only last a moment."""
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
    earlier = _way_back(service, rollout)
    if earlier is not None:
        rollout.reason = wording.ROLLED_BACK
        reasons = (wording.BREAKER_ROLLBACK, wording.ROLLED_BACK)
        roll_back(world, service, earlier, context, reasons)
    elif rollout.rolling_back:
        finish(rollout, "ROLLBACK_FAILED", wording.ROLLBACK_FAILED, context)
    else:
        finish(rollout, "STOPPED", wording.BREAKER_STOPPED, context)


def _way_back(service: Service, rollout: SimulatedRollout) -> Revision | None:
    may = _breaker(service).get("rollback") and not rollout.rolling_back
    return last_completed(service) if may else None


def _forget_replaced(service: Service, tasks: list[SimulatedTask]) -> None:
    """Drop deployments whose tasks are gone; a failed one until all is well again."""
    primary = service.primary
    busy = {t.started_by for t in tasks if t.status not in _GONE}
    service.deployments = [
        d
        for d in service.deployments
        if d is primary
        or d.id in busy
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
    wanted = [t for t in tasks if t.wanted]
    ours = [t for t in wanted if t.started_by == primary.id]
    fit = sum(is_fit(t, context) for t in ours)
    others = any(t.status not in _GONE for t in tasks if t.started_by != primary.id)
    return not others and len(wanted) == len(ours) == fit == service.desired


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
    """Stop a deleted service's tasks; INACTIVE once all are on their way out."""
    for task in tasks:
        reason = wording.SCALING.format(deployment=task.started_by)
        request_stop(task, "ServiceSchedulerInitiated", reason, context)
    if all(t.status in _GONE for t in tasks):
        service.status = "INACTIVE"
        service.inactive_since = context.now
        service.deployments = []
