"""A runtime for tests: each image behaves as its script says."""

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
    """How containers of an image behave.

    Attributes:
        starts_after: until the container runs.
        exits_after: until it ends by itself; None for never.
        exit_code: what it ends with.
        stops_after: how long it takes to stop when asked to.
        healthy: what its health checks say.
        refuses: the reason it cannot be started for.
        says: the lines it writes at its start.
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
    """Pretends to run containers. Images without a script just run.

    Attributes:
        scripts: The behaviour of each image, or of an image with the first word of a
            command, as in ``api:1 migrate``; may be changed at any time.
        launches: Every task that was started, in order.
    """

    def __init__(self, scripts: Mapping[str, Script] | None = None) -> None:
        self.scripts = dict(scripts or {})
        self.launches: list[Launch] = []
        self._runs: dict[str, _Run] = {}

    def start(self, launch: Launch, now: datetime) -> None:
        """Begin a task, unless a script refuses."""
        scripts = {c.name: self._script(c) for c in launch.containers}
        for script in scripts.values():
            if script.refuses:
                raise CannotStartError(script.refuses)
        self.launches.append(launch)
        lines = [(name, line) for name, s in scripts.items() for line in s.says]
        self._runs[launch.task_id] = _Run(launch, now, unread=lines)

    def poll(self, task_id: str, now: datetime) -> Mapping[str, ContainerStatus]:
        """Return where each container is in its script."""
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
        """Return what the scripts say, once."""
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
        """Accept any check; the script knows its outcome."""

    def check_result(self, task_id: str, container: str, now: datetime) -> bool | None:
        """Return what the script says of the container's health."""
        del now
        run = self._runs[task_id]
        launch = next(c for c in run.launch.containers if c.name == container)
        return self._script(launch).healthy

    def stop(self, task_id: str, now: datetime) -> None:
        """Begin to stop a task."""
        if run := self._runs.get(task_id):
            run.stopped_at = run.stopped_at or now

    def forget(self, task_id: str) -> None:
        """Drop a task that has ended."""
        self._runs.pop(task_id, None)

    def crash(self, task_id: str, exit_code: int = 137) -> None:
        """End every container of a task now, as ``kill -9`` would."""
        run = self._runs[task_id]
        run.exits = {c.name: exit_code for c in run.launch.containers}

    def _script(self, container: ContainerLaunch) -> Script:
        """Return how a container behaves: by its image and command, or its image."""
        word = container.command[0] if container.command else ""
        known = self.scripts.get(f"{container.image} {word}")
        return known or self.scripts.get(container.image, Script())
