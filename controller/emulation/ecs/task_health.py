"""Health of the tasks of a service, and counts of failed tasks."""

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

_REQUESTED_STOPS = frozenset({"UserInitiated", "ServiceSchedulerInitiated"})


def is_healthy(task: SimulatedTask, context: Context) -> bool:
    """Return True if a task is running and passes all its health checks."""
    if task.status != "RUNNING" or not task.should_run:
        return False
    checked = any(c.essential and c.health_check for c in task.containers)
    if checked and task.health != "HEALTHY":
        return False
    return all(s == "healthy" for s in target_healths(task, context).values())


def is_unhealthy(task: SimulatedTask, service: Service, context: Context) -> bool:
    """Return True if a running task fails a check after the grace period."""
    if (
        task.status != "RUNNING"
        or not task.should_run
        or _in_grace(task, service, context)
    ):
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
    """Return the reason to stop an unhealthy task, for the task and for the events."""
    for target, health in target_healths(task, context).items():
        if health == "unhealthy":
            arn = target.target_group_arn
            event = wording.UNHEALTHY_TARGET.format(
                service=service.name, task=task.id, port=target.port, target_group=arn
            )
            return wording.FAILED_TARGET.format(target_group=arn), event
    event = wording.FAILED_CONTAINER_CHECK.format(service=service.name, task=task.id)
    return wording.FAILED_CHECKS, event


def reset_failures(
    service: Service, tasks: list[SimulatedTask], context: Context
) -> None:
    """Reset the failures of a deployment for each task that becomes healthy."""
    for task in tasks:
        if task.outcome_counted or not is_healthy(task, context):
            continue
        task.outcome_counted = True
        deployment = _deployment_of(task, service)
        if deployment:
            deployment.failure_streak = 0
            deployment.next_launch = None
            deployment.impairment_announced = False
            if _resets_on_success(service):
                deployment.failed_tasks = 0
                _report_failures(service, deployment)


def _resets_on_success(service: Service) -> bool:
    configuration = service.fields.get("deploymentConfiguration", {})
    breaker = configuration.get("deploymentCircuitBreaker", {})
    return bool(breaker.get("resetOnHealthyTask", True))


def count_failures(
    world: World, service: Service, tasks: list[SimulatedTask], context: Context
) -> None:
    """Count each task that ended before it was ever healthy, once.

    A task that crashes after it was healthy is replaced and not counted. The circuit
    breaker therefore does not detect a slow crash loop.
    """
    for task in tasks:
        if task.should_run or task.outcome_counted:
            continue
        task.outcome_counted = True
        if _is_failure(task):
            _count_failure(world, service, task, context)


def _is_failure(task: SimulatedTask) -> bool:
    if task.stop_code == "ServiceSchedulerInitiated":
        return not (task.stopped_reason or "").startswith("Scaling activity")
    return task.stop_code not in _REQUESTED_STOPS


def _count_failure(
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
        _report_failures(service, deployment)
    deployment.failure_streak += 1
    pause = backoff(deployment.failure_streak, context.timing)
    deployment.next_launch = context.now + pause if pause else None
    if pause and not deployment.impairment_announced:
        deployment.impairment_announced = True
        announce(world, service, context, wording.IMPAIRED)
        announce_action(service, context, "SERVICE_TASK_START_IMPAIRED", "WARN")


def _deployment_of(task: SimulatedTask, service: Service) -> SimulatedDeployment | None:
    return next((d for d in service.deployments if d.id == task.started_by), None)


def _report_failures(service: Service, deployment: SimulatedDeployment) -> None:
    rollout = service.rollout
    if rollout and rollout.open and deployment is service.primary:
        rollout.failures = deployment.failed_tasks
