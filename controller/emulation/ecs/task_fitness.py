"""Whether a service's task is fit, unfit, or has failed."""

from datetime import timedelta

from controller.emulation.ecs import wording
from controller.emulation.ecs.announcements import announce, announce_action
from controller.emulation.ecs.arithmetic import backoff
from controller.emulation.ecs.context import Context
from controller.emulation.ecs.registration import target_healths
from controller.emulation.ecs.state import (
    Service,
    SimulatedDeployment,
    SimulatedTask,
    World,
)

_OWN_DOING = frozenset({"UserInitiated", "ServiceSchedulerInitiated"})


def is_fit(task: SimulatedTask, context: Context) -> bool:
    """Return whether a task runs and passes every check it has."""
    if task.status != "RUNNING" or not task.wanted:
        return False
    checked = any(c.essential and c.health_check for c in task.containers)
    if checked and task.health != "HEALTHY":
        return False
    return all(s == "healthy" for s in target_healths(task, context).values())


def is_unfit(task: SimulatedTask, service: Service, context: Context) -> bool:
    """Return whether a running task has failed a check, past the grace period."""
    if task.status != "RUNNING" or not task.wanted or _in_grace(task, service, context):
        return False
    unhealthy = target_healths(task, context).values()
    return task.health == "UNHEALTHY" or "unhealthy" in unhealthy


def _in_grace(task: SimulatedTask, service: Service, context: Context) -> bool:
    seconds = service.fields.get("healthCheckGracePeriodSeconds") or 0
    started = task.times.get("startedAt", context.now)
    return context.now - started < timedelta(seconds=seconds)


def stop_reason(
    task: SimulatedTask, service: Service, context: Context
) -> tuple[str, str]:
    """Return why an unfit task is stopped, for the task and for the events."""
    for target, health in target_healths(task, context).items():
        if health == "unhealthy":
            arn = target.target_group_arn
            event = wording.UNHEALTHY_TARGET.format(
                service=service.name, task=task.id, port=target.port, target_group=arn
            )
            return wording.FAILED_TARGET.format(target_group=arn), event
    event = wording.FAILED_CONTAINER_CHECK.format(service=service.name, task=task.id)
    return wording.FAILED_CHECKS, event


def note_successes(
    service: Service, tasks: list[SimulatedTask], context: Context
) -> None:
    """Let each task that has become fit reset its deployment's failures."""
    for task in tasks:
        if task.succeeded or not is_fit(task, context):
            continue
        task.succeeded = True
        deployment = _deployment_of(task, service)
        if deployment:
            deployment.failure_streak = 0
            deployment.next_launch = None
            deployment.said_impaired = False
            if _resets(service):
                deployment.failed_tasks = 0
                _count_failures(service, deployment)


def _resets(service: Service) -> bool:
    configuration = service.fields.get("deploymentConfiguration", {})
    breaker = configuration.get("deploymentCircuitBreaker", {})
    return bool(breaker.get("resetOnHealthyTask", True))


def note_failures(
    world: World, service: Service, tasks: list[SimulatedTask], context: Context
) -> None:
    """Count each task that ended before it was ever fit, once.

    A task that ran well and crashed later is replaced and not counted: that is
    why the circuit breaker does not see a slow crash loop.
    """
    for task in tasks:
        if task.wanted or task.succeeded:
            continue
        task.succeeded = True
        if _is_failure(task):
            _note_failure(world, service, task, context)


def _is_failure(task: SimulatedTask) -> bool:
    if task.stop_code == "ServiceSchedulerInitiated":
        return not (task.stopped_reason or "").startswith("Scaling activity")
    return task.stop_code not in _OWN_DOING


def _note_failure(
    world: World, service: Service, task: SimulatedTask, context: Context
) -> None:
    service.steady_since = None
    if task.stop_code == "TaskFailedToStart":
        reason = task.stopped_reason
        announce(world, service, context, wording.UNPLACED, reason=reason)
    deployment = _deployment_of(task, service)
    if deployment is None:
        return
    if deployment.in_progress:
        deployment.failed_tasks += 1
        deployment.updated_at = context.now
        _count_failures(service, deployment)
    deployment.failure_streak += 1
    pause = backoff(deployment.failure_streak, context.timing)
    deployment.next_launch = context.now + pause if pause else None
    if pause and not deployment.said_impaired:
        deployment.said_impaired = True
        announce(world, service, context, wording.IMPAIRED)
        announce_action(service, context, "SERVICE_TASK_START_IMPAIRED", "WARN")


def _deployment_of(task: SimulatedTask, service: Service) -> SimulatedDeployment | None:
    return next((d for d in service.deployments if d.id == task.started_by), None)


def _count_failures(service: Service, deployment: SimulatedDeployment) -> None:
    rollout = service.rollout
    if rollout and rollout.open and deployment is service.primary:
        rollout.failures = deployment.failed_tasks
