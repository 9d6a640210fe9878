"""Tasks of a cluster, read in batches for all services at once."""

from collections import defaultdict

from controller.clients.aws.ecs_tasks import tasks_of
from controller.core.dependencies import Aws
from controller.kinds.service.state.task import Task, task_of

_OF_SERVICE = "service"


class ClusterTasks:
    """Reads of tasks: ceil(tasks/100) ListTasks and DescribeTasks per cluster."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def running(self, cluster: str) -> dict[str, tuple[Task, ...]]:
        """Return the running and starting tasks, by the name of their service."""
        return self._tasks(cluster, "RUNNING")

    def stopped(self, cluster: str) -> dict[str, tuple[Task, ...]]:
        """Return the stopped tasks, which ECS keeps for about an hour, by service."""
        return self._tasks(cluster, "STOPPED")

    def _tasks(self, cluster: str, wanted: str) -> dict[str, tuple[Task, ...]]:
        found: defaultdict[str, list[Task]] = defaultdict(list)
        for task in tasks_of(self._aws, cluster, wanted):
            kind, _, name = task.get("group", "").partition(":")
            if kind == _OF_SERVICE:
                found[name].append(task_of(task))
        return {name: tuple(tasks) for name, tasks in found.items()}


class SharedClusterTasks(ClusterTasks):
    """Reads of tasks that are shared by all readers within one pass."""

    def __init__(self, aws: Aws) -> None:
        super().__init__(aws)
        self._running: dict[str, dict[str, tuple[Task, ...]]] = {}

    def forget(self) -> None:
        """Drop the tasks of the last pass."""
        self._running = {}

    def running(self, cluster: str) -> dict[str, tuple[Task, ...]]:
        """Return the running and starting tasks, as first read in this pass."""
        if cluster not in self._running:
            self._running[cluster] = super().running(cluster)
        return self._running[cluster]
