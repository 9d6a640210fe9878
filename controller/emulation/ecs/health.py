"""Container health checks, with Docker's rules for interval, retries and start period."""

from datetime import datetime, timedelta

from controller.emulation.ecs.context import Context
from controller.emulation.ecs.state import Body, Container, SimulatedTask


def check_health(container: Container, task: SimulatedTask, context: Context) -> None:
    """Start a due check, or record the result of one that has ended."""
    check = container.health_check
    if check is None or container.status != "RUNNING":
        return
    if container.checking:
        passed = context.runtime.check_result(task.id, container.name, context.now)
        if passed is not None:
            _record_result(container, task, check, context.now, passed=passed)
    if container.next_check is None:
        container.next_check = _started(task) + _seconds(check, "interval", 30)
    if not container.checking and context.now >= container.next_check:
        container.checking = True
        command, timeout = tuple(check["command"]), _seconds(check, "timeout", 5)
        context.runtime.begin_check(
            task.id, container.name, command, timeout, context.now
        )


def _record_result(
    container: Container,
    task: SimulatedTask,
    check: Body,
    now: datetime,
    *,
    passed: bool,
) -> None:
    """Count consecutive failures; failures within the start period do not count."""
    container.checking = False
    container.next_check = now + _seconds(check, "interval", 30)
    if passed:
        container.health, container.failed_checks = "HEALTHY", 0
        return
    started_up = container.health != "UNKNOWN"
    if not started_up and now - _started(task) < _seconds(check, "startPeriod", 0):
        return
    container.failed_checks += 1
    if container.failed_checks >= (check.get("retries") or 3):
        container.health = "UNHEALTHY"


def _started(task: SimulatedTask) -> datetime:
    return task.times.get("startedAt", task.created_at)


def _seconds(check: Body, field: str, default: int) -> timedelta:
    return timedelta(seconds=check.get(field) or default)
