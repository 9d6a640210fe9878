"""Runtime whose tasks are processes, each with its own address."""

import os
import signal
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from controller.emulation.ecs import wording
from controller.emulation.ecs.runtime import (
    CannotStartError,
    ContainerLaunch,
    ContainerStatus,
    Exited,
    Launch,
    Running,
)
from controller.emulation.loopback import require_loopback
from controller.emulation.runtimes.images import ImageCommand, Placeholders
from controller.emulation.runtimes.process import Process, Reaper

_NEVER = datetime.max.replace(tzinfo=UTC)
# Variables that containers inherit from this process.
_INHERITED = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR")


@dataclass(slots=True)
class _Container:
    launch: ContainerLaunch
    process: Process
    environment: Mapping[str, str]
    check: Process | None = None
    check_ends_at: datetime = _NEVER


@dataclass(slots=True)
class _Task:
    placeholders: Placeholders
    containers: dict[str, _Container] = field(default_factory=dict)
    stopping_since: datetime | None = None


class ProcessRuntime:
    """Runs each container as a process group that ends with this process.

    A task is stopped with SIGTERM, and with SIGKILL after its stop timeout. An image
    that is not in ``images`` cannot be pulled.

    Attributes:
        images: Command of each image; may be changed while tasks run.
    """

    def __init__(self, images: Mapping[str, ImageCommand], state: Path) -> None:
        self.images = dict(images)
        self._state = state
        self._tasks: dict[str, _Task] = {}
        # The parent death signal is sent at the end of the *thread* that forked the
        # child. One thread that lives as long as the runtime therefore starts all.
        self._launcher = ThreadPoolExecutor(1, thread_name_prefix="task-launcher")
        self._reaper = self._launcher.submit(Reaper).result()

    def start(self, launch: Launch, now: datetime) -> None:
        """Start a process for each container; raises CannotStartError."""
        del now
        for container in launch.containers:
            if container.image not in self.images:
                raise CannotStartError(wording.NO_IMAGE.format(image=container.image))
        placeholders = Placeholders(require_loopback(launch.address), str(self._state))
        task = self._tasks[launch.task_id] = _Task(placeholders)
        try:
            for container in launch.containers:
                task.containers[container.name] = self._run(container, placeholders)
        except OSError as error:
            self.forget(launch.task_id)
            msg = f"CannotStartContainerError: {error}"
            raise CannotStartError(msg) from error

    def _run(
        self, container: ContainerLaunch, placeholders: Placeholders
    ) -> _Container:
        image = self.images[container.image]
        entry_point = container.entry_point or image.entry_point
        command = container.command or image.command
        argv = [placeholders.fill(word) for word in (*entry_point, *command)]
        variables = {**image.environment, **container.environment}
        inherited = {k: os.environ[k] for k in _INHERITED if k in os.environ}
        environment = inherited | {
            k: placeholders.fill(v) for k, v in variables.items()
        }
        process = self._spawn(argv, environment, self._directory(container))
        return _Container(container, process, environment)

    def _directory(self, container: ContainerLaunch) -> str:
        """Return the working directory; one inside the image does not exist here."""
        declared = container.working_directory
        return declared if declared and Path(declared).is_dir() else str(self._state)

    def _spawn(
        self, argv: Sequence[str], environment: Mapping[str, str], directory: str
    ) -> Process:
        start = self._launcher.submit(Process.start, argv, environment, directory)
        process = start.result()
        self._reaper.watch(process)
        return process

    def _spawn_check(self, argv: Sequence[str], checked: _Container) -> Process | None:
        """Start a health check; return None if its command does not exist."""
        try:
            process = Process.start_check(argv, checked.environment, str(self._state))
        except OSError:
            return None
        self._reaper.watch(process)
        return process

    def poll(self, task_id: str, now: datetime) -> Mapping[str, ContainerStatus]:
        """Return the status of each container; kill those past their stop timeout."""
        task = self._tasks.get(task_id)
        if task is None:
            return {}
        self._enforce(task, now)
        return {name: self._status(c) for name, c in task.containers.items()}

    def _status(self, container: _Container) -> ContainerStatus:
        code = container.process.exit_code()
        if code is None:
            return Running()
        self._end(container.process)
        return Exited(code)

    def _enforce(self, task: _Task, now: datetime) -> None:
        if task.stopping_since is None:
            return
        for container in task.containers.values():
            waited = now - task.stopping_since
            if waited >= container.launch.stop_timeout:
                container.process.signal(signal.SIGKILL)

    def lines(self, task_id: str) -> Sequence[tuple[str, str]]:
        """Return new lines of standard output and standard error."""
        task = self._tasks.get(task_id)
        if task is None:
            return ()
        return [
            (name, line)
            for name, container in task.containers.items()
            for line in container.process.lines()
        ]

    def begin_check(
        self,
        task_id: str,
        container: str,
        command: Sequence[str],
        timeout: timedelta,
        now: datetime,
    ) -> None:
        """Start the command of a health check with the container's environment."""
        task = self._tasks[task_id]
        checked = task.containers[container]
        kind, *words = (task.placeholders.fill_check(word) for word in command)
        argv = ["/bin/sh", "-c", *words] if kind == "CMD-SHELL" else words
        checked.check = self._spawn_check(argv, checked)
        checked.check_ends_at = now + timeout

    def check_result(self, task_id: str, container: str, now: datetime) -> bool | None:
        """Return True if the command of the check exited with 0 in time."""
        checked = self._tasks[task_id].containers[container]
        check = checked.check
        if check is None:
            return False
        code = check.exit_code()
        if code is None and now < checked.check_ends_at:
            return None
        self._end(check)
        check.close()
        checked.check = None
        return code == 0

    def stop(self, task_id: str, now: datetime) -> None:
        """Send SIGTERM to every container of a task."""
        task = self._tasks.get(task_id)
        if task is None or task.stopping_since:
            return
        task.stopping_since = now
        for container in task.containers.values():
            container.process.signal(signal.SIGTERM)

    def forget(self, task_id: str) -> None:
        """Kill the remaining processes of a task and release its resources."""
        task = self._tasks.pop(task_id, None)
        for container in task.containers.values() if task else ():
            self._end(container.process)
            if container.check:
                self._end(container.check)
                container.check.close()
            container.process.close()

    def _end(self, process: Process) -> None:
        if process.end():
            self._reaper.unwatch(process)

    def process_ids(self, task_id: str) -> Mapping[str, int]:
        """Return the process id of each container of a task."""
        task = self._tasks.get(task_id)
        return {n: c.process.id for n, c in task.containers.items()} if task else {}

    def close(self) -> None:
        """Kill all tasks and release all resources."""
        for task_id in list(self._tasks):
            self.forget(task_id)
        self._reaper.close()
        self._launcher.shutdown()
