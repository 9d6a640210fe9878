"""Launch parameters and logs of a task, from its definition."""

from collections.abc import Iterable
from datetime import timedelta

from controller.emulation.ecs import wording
from controller.emulation.ecs.context import Context
from controller.emulation.ecs.effects import (
    LogOptions,
    MissingError,
    MissingRegionError,
)
from controller.emulation.ecs.runtime import ContainerLaunch, Launch
from controller.emulation.ecs.state import Body, Container, SimulatedTask

DEFAULT_STOP_TIMEOUT = 30


def launch_of(task: SimulatedTask, context: Context) -> Launch:
    """Return the containers to start, with resolved secrets; raises MissingError."""
    containers = tuple(_container(c, task, context) for c in task.containers)
    return Launch(task.id, task.address or "", containers)


def _container(
    container: Container, task: SimulatedTask, context: Context
) -> ContainerLaunch:
    definition = container.definition
    override = _override(task, container.name)
    environment = _pairs(definition.get("environment", []))
    environment |= _secrets(definition.get("secrets", []), context)
    environment |= _pairs(override.get("environment", []))
    seconds = definition.get("stopTimeout") or DEFAULT_STOP_TIMEOUT
    return ContainerLaunch(
        name=container.name,
        image=definition["image"],
        environment=environment,
        entry_point=_words(definition.get("entryPoint")),
        command=_words(override.get("command") or definition.get("command")),
        working_directory=definition.get("workingDirectory"),
        stop_timeout=timedelta(seconds=seconds),
    )


def _override(task: SimulatedTask, name: str) -> Body:
    overrides = task.request.get("overrides", {}).get("containerOverrides", [])
    return next((o for o in overrides if o.get("name") == name), {})


def _pairs(entries: Iterable[Body]) -> dict[str, str]:
    return {entry["name"]: entry.get("value", "") for entry in entries}


def _words(words: list[str] | None) -> tuple[str, ...] | None:
    return tuple(words) if words else None


def _secrets(entries: Iterable[Body], context: Context) -> dict[str, str]:
    try:
        return {e["name"]: context.effects.secret(e["valueFrom"]) for e in entries}
    except MissingError as error:
        raise MissingError(wording.UNRESOLVED.format(reason=error)) from error


def log_of(container: Container, task: SimulatedTask) -> LogOptions | None:
    """Return the log stream of a container; None without ``awslogs``."""
    configuration = container.definition.get("logConfiguration", {})
    options = configuration.get("options", {})
    if configuration.get("logDriver") != "awslogs" or "awslogs-group" not in options:
        return None
    prefix = options.get("awslogs-stream-prefix", "ecs")
    return LogOptions(
        group=options["awslogs-group"],
        stream=f"{prefix}/{container.name}/{task.id}",
        region=options.get("awslogs-region", ""),
        create_group=options.get("awslogs-create-group", "false").lower() == "true",
    )


def open_logs(task: SimulatedTask, context: Context) -> None:
    """Create the missing log streams of the task.

    Raises:
        MissingError: A log group or its region does not exist.
    """
    for container in task.containers:
        log = log_of(container, task)
        if log is None:
            continue
        try:
            context.effects.open_log(log)
        except MissingRegionError as error:
            reason = wording.NO_LOG_REGION.format(region=error)
            raise MissingError(reason) from error
        except MissingError as error:
            raise MissingError(wording.NO_LOG.format(reason=error)) from error


def write_lines(task: SimulatedTask, context: Context) -> None:
    """Write new output of the containers to their log streams."""
    written: dict[str, list[str]] = {}
    for name, line in context.runtime.lines(task.id):
        written.setdefault(name, []).append(line)
    for container in task.containers:
        log = log_of(container, task)
        if log and container.name in written:
            context.effects.write_log(log, context.now, written[container.name])
