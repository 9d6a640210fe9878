"""The tasks of a cluster, in batches: never one question for each service."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from controller.clients.aws import Aws, paginated
from controller.core.batches import batched

# What DescribeTasks takes at most; API reference.
MOST_TASKS = 100
_OF_SERVICE = "service"

Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Task:
    """One task, in ECS's own words.

    Attributes:
        id: The last part of its ARN.
        started_by: The deployment that started it, as in ``ecs-svc/…``.
        status: ``RUNNING``, ``STOPPED`` and what lies before and between.
        health: ``HEALTHY``, ``UNHEALTHY`` or ``UNKNOWN``, by its health checks.
        address: Its private address; empty while it has none.
        stop_code: Why it stopped, in one word.
        reasons: Why it stopped, in words: the task's first, then its containers'.
        stopped_at: When, in a form that sorts by time.
    """

    id: str
    started_by: str
    status: str
    health: str
    address: str
    stop_code: str = ""
    reasons: tuple[str, ...] = ()
    stopped_at: str = ""


class Fleet:
    """Looks at tasks, ceil(tasks/100) ListTasks and as many DescribeTasks a cluster."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def running(self, cluster: str) -> dict[str, tuple[Task, ...]]:
        """Return the tasks that run or start, by the name of their service."""
        return self._tasks(cluster, "RUNNING")

    def stopped(self, cluster: str) -> dict[str, tuple[Task, ...]]:
        """Return the tasks that ECS still remembers: about an hour's."""
        return self._tasks(cluster, "STOPPED")

    def _tasks(self, cluster: str, wanted: str) -> dict[str, tuple[Task, ...]]:
        arns: list[str] = list(
            paginated(
                self._aws,
                "ecs",
                "ListTasks",
                "taskArns",
                cluster=cluster,
                desiredStatus=wanted,
            )
        )
        found: defaultdict[str, list[Task]] = defaultdict(list)
        for task in self._described(cluster, arns):
            kind, _, name = task.get("group", "").partition(":")
            if kind == _OF_SERVICE:
                found[name].append(task_of(task))
        return {name: tuple(tasks) for name, tasks in found.items()}

    def _described(self, cluster: str, arns: Sequence[str]) -> Iterator[Answer]:
        for batch in batched(arns, MOST_TASKS):
            answer = self._aws.call(
                "ecs", "DescribeTasks", cluster=cluster, tasks=batch
            )
            yield from answer["tasks"]


class SharedFleet(Fleet):
    """The same, for several that ask within one look: the second pays nothing."""

    def __init__(self, aws: Aws) -> None:
        super().__init__(aws)
        self._running: dict[str, dict[str, tuple[Task, ...]]] = {}

    def forget(self) -> None:
        """Forget what was seen: another look begins."""
        self._running = {}

    def running(self, cluster: str) -> dict[str, tuple[Task, ...]]:
        """Return the tasks that run or start, as they were when first asked for."""
        if cluster not in self._running:
            self._running[cluster] = super().running(cluster)
        return self._running[cluster]


def task_of(answer: Answer) -> Task:
    """Return a task as DescribeTasks tells of it."""
    return Task(
        id=answer["taskArn"].rpartition("/")[2],
        started_by=answer.get("startedBy", ""),
        status=answer["lastStatus"],
        health=answer.get("healthStatus", "UNKNOWN"),
        address=address_of(answer),
        stop_code=answer.get("stopCode", ""),
        reasons=tuple(dict.fromkeys(_reasons(answer))),
        stopped_at=str(answer.get("stoppedAt", "")),
    )


def address_of(answer: Answer) -> str:
    """Return the private address of a task; empty while it has none."""
    for container in answer.get("containers", ()):
        for interface in container.get("networkInterfaces", ()):
            return str(interface.get("privateIpv4Address", ""))
    return ""


def _reasons(answer: Answer) -> Iterator[str]:
    if reason := answer.get("stoppedReason"):
        yield reason.rstrip(".")
    for container in answer.get("containers", ()):
        if reason := container.get("reason"):
            yield str(reason)
        if code := container.get("exitCode"):
            yield f"{container['name']} exited with {code}"
