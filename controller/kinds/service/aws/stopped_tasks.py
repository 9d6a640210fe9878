"""The tasks that ECS remembers, and for how long what was seen of them will do."""

from collections.abc import Mapping
from dataclasses import dataclass

from controller.core.clock import Clock
from controller.core.errors import DriverError
from controller.kinds.service.aws.tasks import Fleet
from controller.kinds.service.state.task import Task

Tasks = Mapping[str, tuple[Task, ...]]


@dataclass(frozen=True, slots=True)
class _Look:
    at: float
    tasks: Tasks


class Stopped:
    """Looks at a cluster's stopped tasks, and keeps the last look."""

    def __init__(self, fleet: Fleet, clock: Clock) -> None:
        self._fleet = fleet
        self._clock = clock
        self._looks: dict[str, _Look] = {}

    def of(self, cluster: str, seconds: float) -> Tasks:
        """Return the stopped tasks by service, as they were at most ``seconds`` ago.

        Older ones if they cannot be seen: what happened is told all the same.
        """
        now, last = self._clock.monotonic(), self._looks.get(cluster)
        if last is not None and seconds and now - last.at < seconds:
            return last.tasks
        try:
            tasks: Tasks = self._fleet.stopped(cluster)
        except DriverError:
            tasks = last.tasks if last else {}
        self._looks[cluster] = _Look(now, tasks)
        return tasks
