"""Stopped tasks of a cluster, cached for a minute."""

from collections.abc import Mapping
from datetime import timedelta

from controller.core.clock import Clock
from controller.core.errors import DriverError
from controller.core.values.ttl_cache import TtlCache
from controller.kinds.service.aws.tasks import ClusterTasks
from controller.kinds.service.state.task import Task

Tasks = Mapping[str, tuple[Task, ...]]
# Time for which a read is valid, unless a refresh is requested.
KEPT = timedelta(seconds=60)


class StoppedTasks:
    """Reads of stopped tasks, with a cache per cluster."""

    def __init__(self, fleet: ClusterTasks, clock: Clock) -> None:
        self._fleet = fleet
        self._clock = clock
        self._known = TtlCache[str, Tasks](KEPT)

    def of(self, cluster: str, *, refresh: bool) -> Tasks:
        """Return the stopped tasks by service, at most a minute old.

        If they cannot be read, the last known tasks are returned.

        Args:
            cluster: Name or ARN of the cluster.
            refresh: True to read them again.
        """
        now = self._clock.monotonic()
        known = None if refresh else self._known.get(cluster, now)
        if known is not None:
            return known
        try:
            tasks: Tasks = self._fleet.stopped(cluster)
        except DriverError:
            last = self._known.last(cluster)
            tasks = last.value if last else {}
        self._known.put(cluster, tasks, now)
        return tasks
