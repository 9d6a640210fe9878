"""Lifecycle of a task.

    PROVISIONING → PENDING → ACTIVATING → RUNNING
                 → DEACTIVATING → STOPPING → DEPROVISIONING → STOPPED

A task leaves a state when the condition of the state is met. A stop is requested by a
caller (``request_stop``) or follows from the exit of a container.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress

from controller.emulation.ecs import wording
from controller.emulation.ecs.context import Context
from controller.emulation.ecs.effects import MissingError
from controller.emulation.ecs.health import check_health
from controller.emulation.ecs.launch import (
    launch_of,
    open_logs,
    write_lines,
)
from controller.emulation.ecs.registration import (
    deregister,
    is_drained,
    register,
    report_health,
)
from controller.emulation.ecs.runtime import (
    CannotStartError,
    ContainerStatus,
    Exited,
    Running,
)
from controller.emulation.ecs.state import Container, SimulatedTask

_TIMESTAMPS = {
    "PENDING": ("connectivityAt", "pullStartedAt"),
    "RUNNING": ("startedAt", "pullStoppedAt"),
    "STOPPING": ("stoppingAt",),
    "DEPROVISIONING": ("executionStoppedAt",),
    "STOPPED": ("stoppedAt",),
}


def advance(task: SimulatedTask, context: Context) -> None:
    """Advance a task through all states that it can leave now."""
    if task.launched and task.status != "STOPPED":
        write_lines(task, context)
    while task.status in _ADVANCES and _ADVANCES[task.status](task, context):
        pass


def request_stop(task: SimulatedTask, code: str, reason: str, context: Context) -> None:
    """Request that a task stop; only the first reason is kept."""
    if not task.should_run:
        return
    task.desired_status = "STOPPED"
    task.stop_code, task.stopped_reason = code, reason
    if task.status in {"ACTIVATING", "RUNNING"}:
        _enter(task, "DEACTIVATING", context)
    elif task.launched:
        _enter(task, "STOPPING", context)
    else:
        _enter(task, "DEPROVISIONING", context)


def fail(task: SimulatedTask, error: Exception, context: Context) -> None:
    """Stop a task whose step failed, with the error as its reason.

    A task that fails while it stops is STOPPED at once, so that it cannot fail for
    ever.
    """
    if task.should_run:
        reason = wording.STEP_FAILED.format(error=f"{type(error).__name__}: {error}")
        code = "EssentialContainerExited" if task.launched else "TaskFailedToStart"
        with suppress(Exception):
            request_stop(task, code, reason, context)
    elif task.status != "STOPPED":
        with suppress(Exception):
            context.runtime.forget(task.id)
        _release(task, context)


def _enter(task: SimulatedTask, status: str, context: Context) -> None:
    task.status, task.status_since = status, context.now
    task.version += 1
    for name in _TIMESTAMPS.get(status, ()):
        task.times.setdefault(name, context.now)
    if status == "DEACTIVATING":
        deregister(task, context)
    elif status == "STOPPING":
        context.runtime.stop(task.id, context.now)


def _provision(task: SimulatedTask, context: Context) -> bool:
    if context.now - task.status_since < context.timing.provisioning:
        return False
    subnet = context.effects.subnet(task.subnet) if task.subnet else None
    try:
        task.address = context.addresses.allocate(subnet[0] if subnet else None)
    except LookupError as error:
        reason = wording.NO_ADDRESS.format(reason=error)
        request_stop(task, "TaskFailedToStart", reason, context)
        return True
    _enter(task, "PENDING", context)
    return True


def _start(task: SimulatedTask, context: Context) -> bool:
    if not task.launched:
        return _launch(task, context)
    statuses = _poll(task, context)
    if _stop_on_exit(task, context):
        return True
    settling = context.now - task.status_since < context.timing.settling
    if settling or not all(_has_begun(statuses.get(c.name)) for c in task.containers):
        return False
    _enter(task, "ACTIVATING", context)
    return True


def _has_begun(status: ContainerStatus | None) -> bool:
    return isinstance(status, Running | Exited)


def _launch(task: SimulatedTask, context: Context) -> bool:
    """Start the containers; the task ends if an object it refers to is missing."""
    try:
        open_logs(task, context)
        launch = launch_of(task, context)
        context.runtime.start(launch, context.now)
    except (MissingError, CannotStartError) as error:
        for container in task.containers:
            container.status, container.reason = "STOPPED", str(error)
        request_stop(task, "TaskFailedToStart", str(error), context)
        return True
    task.launched = True
    return True


def _activate(task: SimulatedTask, context: Context) -> bool:
    register(task, context)
    _enter(task, "RUNNING", context)
    return True


def _run(task: SimulatedTask, context: Context) -> bool:
    _poll(task, context)
    if _stop_on_exit(task, context):
        return True
    before = task.health
    for container in task.containers:
        check_health(container, task, context)
    if task.health != before:
        task.version += 1
        report_health(task, context)
    return False


def _poll(task: SimulatedTask, context: Context) -> Mapping[str, ContainerStatus]:
    statuses = context.runtime.poll(task.id, context.now)
    for container in task.containers:
        _update_container(container, statuses.get(container.name), task)
    return statuses


def _update_container(
    container: Container, status: ContainerStatus | None, task: SimulatedTask
) -> None:
    match status:
        case Running() if container.status == "PENDING":
            container.status = "RUNNING"
            task.version += 1
        case Exited(code) if container.status != "STOPPED":
            container.status, container.exit_code = "STOPPED", code
            task.version += 1
        case _:
            pass


def _stop_on_exit(task: SimulatedTask, context: Context) -> bool:
    """Stop the task if an essential container, or every container, has ended."""
    ended = [c for c in task.containers if c.status == "STOPPED"]
    if any(c.essential for c in ended) or len(ended) == len(task.containers):
        code, reason = "EssentialContainerExited", wording.ESSENTIAL_EXITED
        request_stop(task, code, reason, context)
        return True
    return False


def _deactivate(task: SimulatedTask, context: Context) -> bool:
    if not is_drained(task, context):
        return False
    _enter(task, "STOPPING", context)
    return True


def _stop(task: SimulatedTask, context: Context) -> bool:
    # Repeated, because the first request may have failed.
    context.runtime.stop(task.id, context.now)
    statuses = _poll(task, context)
    if not all(isinstance(s, Exited) for s in statuses.values()):
        return False
    write_lines(task, context)
    context.runtime.forget(task.id)
    _enter(task, "DEPROVISIONING", context)
    return True


def _deprovision(task: SimulatedTask, context: Context) -> bool:
    if context.now - task.status_since < context.timing.deprovisioning:
        return False
    _release(task, context)
    return True


def _release(task: SimulatedTask, context: Context) -> None:
    if task.address:
        context.addresses.release(task.address)
    for container in task.containers:
        container.status = "STOPPED"
    _enter(task, "STOPPED", context)


_ADVANCES: Mapping[str, Callable[[SimulatedTask, Context], bool]] = {
    "PROVISIONING": _provision,
    "PENDING": _start,
    "ACTIVATING": _activate,
    "RUNNING": _run,
    "DEACTIVATING": _deactivate,
    "STOPPING": _stop,
    "DEPROVISIONING": _deprovision,
}
