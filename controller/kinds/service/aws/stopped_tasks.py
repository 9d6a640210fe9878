"""The tasks that ECS remembers, and for how long what was seen of them will do."""

from collections.abc import Mapping
from datetime import timedelta

from controller.core.clock import Clock
from controller.core.errors import DriverError
from controller.core.values.ttl_cache import TtlCache
from controller.kinds.service.aws.tasks import ClusterTasks
from controller.kinds.service.state.task import Task

Tasks = Mapping[str, tuple[Task, ...]]


# How long what was seen will do, where tasks come by themselves.
KEPT = timedelta(seconds=60)


class StoppedTasks:
    """Looks at a cluster's stopped tasks, and keeps the last look."""

    def __init__(self, fleet: ClusterTasks, clock: Clock) -> None:
        self._fleet = fleet
        self._clock = clock
        self._looks = TtlCache[str, Tasks](KEPT)

    def of(self, cluster: str, *, refresh: bool) -> Tasks:
        """Return the stopped tasks by service, as they were within the last minute.

        With ``refresh`` as they are.
        Older ones if they cannot be seen: what happened is told all the same.
        """
        now = self._clock.monotonic()
        known = None if refresh else self._looks.get(cluster, now)
        if known is not None:
            return known
        try:
            tasks: Tasks = self._fleet.stopped(cluster)
        except DriverError:
            last = self._looks.last(cluster)
            tasks = last.value if last else {}
        self._looks.put(cluster, tasks, now)
        return tasks
