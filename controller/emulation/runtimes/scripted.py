"""Runtime for tests: each image follows a script."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from controller.emulation.ecs.runtime import (
    CannotStartError,
    ContainerLaunch,
    ContainerStatus,
    Exited,
    Launch,
    Running,
    Starting,
)


@dataclass(frozen=True, slots=True)
class Script:
    """Behaviour of the containers of an image.

    Attributes:
        starts_after: Time until the container runs.
        exits_after: Time until it exits without a stop; None for never.
        exit_code: Exit code of that exit.
        stops_after: Time to stop after a request.
        healthy: Result of its health checks.
        refuses: Reason that it cannot start; None if it can.
        says: Lines that it writes at its start.
    """

    starts_after: timedelta = timedelta(0)
    exits_after: timedelta | None = None
    exit_code: int = 0
    stops_after: timedelta = timedelta(0)
    healthy: bool = True
    refuses: str | None = None
    says: tuple[str, ...] = ()


@dataclass(slots=True)
class _Run:
    launch: Launch
    started_at: datetime
    stopped_at: datetime | None = None
    exits: dict[str, int] = field(default_factory=dict)
    unread: list[tuple[str, str]] = field(default_factory=list)


class ScriptedRuntime:
    """Simulates containers. Images without a script run and are healthy.

    Attributes:
        scripts: Behaviour of each image, or of an image with the first word of a
            command, as in ``api:1 migrate``; may be changed at any time.
        launches: All started tasks, in order.
    """

    def __init__(self, scripts: Mapping[str, Script] | None = None) -> None:
        self.scripts = dict(scripts or {})
        self.launches: list[Launch] = []
        self._runs: dict[str, _Run] = {}

    def start(self, launch: Launch, now: datetime) -> None:
        """Start a task unless a script refuses."""
        scripts = {c.name: self._script(c) for c in launch.containers}
        for script in scripts.values():
            if script.refuses:
                raise CannotStartError(script.refuses)
        self.launches.append(launch)
        lines = [(name, line) for name, s in scripts.items() for line in s.says]
        self._runs[launch.task_id] = _Run(launch, now, unread=lines)

    def poll(self, task_id: str, now: datetime) -> Mapping[str, ContainerStatus]:
        """Return the status of each container according to its script."""
        run = self._runs.get(task_id)
        if run is None:
            return {}
        return {c.name: self._status(run, c, now) for c in run.launch.containers}

    def _status(
        self, run: _Run, container: ContainerLaunch, now: datetime
    ) -> ContainerStatus:
        script, age = self._script(container), now - run.started_at
        if container.name in run.exits:
            return Exited(run.exits[container.name])
        if run.stopped_at and now - run.stopped_at >= script.stops_after:
            return Exited(143)
        if script.exits_after is not None and age >= script.exits_after:
            return Exited(script.exit_code)
        return Running() if age >= script.starts_after else Starting()

    def lines(self, task_id: str) -> Sequence[tuple[str, str]]:
        """Return the lines of the scripts, once."""
        run = self._runs.get(task_id)
        if run is None:
            return ()
        unread, run.unread = run.unread, []
        return unread

    def begin_check(
        self,
        task_id: str,
        container: str,
        command: Sequence[str],
        timeout: timedelta,
        now: datetime,
    ) -> None:
        """Accept any check; the script has its result."""

    def check_result(self, task_id: str, container: str, now: datetime) -> bool | None:
        """Return the health according to the script."""
        del now
        run = self._runs[task_id]
        launch = next(c for c in run.launch.containers if c.name == container)
        return self._script(launch).healthy

    def stop(self, task_id: str, now: datetime) -> None:
        """Start to stop a task."""
        if run := self._runs.get(task_id):
            run.stopped_at = run.stopped_at or now

    def forget(self, task_id: str) -> None:
        """Remove a task that has ended."""
        self._runs.pop(task_id, None)

    def crash(self, task_id: str, exit_code: int = 137) -> None:
        """End every container of a task at once, as ``kill -9`` does."""
        run = self._runs[task_id]
        run.exits = {c.name: exit_code for c in run.launch.containers}

    def _script(self, container: ContainerLaunch) -> Script:
        """Return the script of a container: by image and command, or by image."""
        word = container.command[0] if container.command else ""
        known = self.scripts.get(f"{container.image} {word}")
        return known or self.scripts.get(container.image, Script())
