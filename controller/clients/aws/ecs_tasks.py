"""Reads of tasks of ECS, in batches."""

from collections.abc import Iterator, Mapping
from typing import Any

from controller.clients.aws.calls import paginated
from controller.core.dependencies import Aws
from controller.core.values.batches import batched

# Maximum of DescribeTasks; API reference.
MOST_TASKS = 100


def tasks_of(
    aws: Aws, cluster: str, desired_status: str, service: str = ""
) -> Iterator[Mapping[str, Any]]:
    """Yield the tasks of a cluster: ceil(tasks/100) ListTasks and DescribeTasks.

    Args:
        aws: Client for AWS.
        cluster: Name of the cluster.
        desired_status: ``RUNNING``, which includes starting tasks, or ``STOPPED``.
        service: Name of the only service whose tasks are read; empty for all.
    """
    only = {"serviceName": service} if service else {}
    arns: list[str] = list(
        paginated(
            aws,
            "ecs",
            "ListTasks",
            "taskArns",
            cluster=cluster,
            desiredStatus=desired_status,
            **only,
        )
    )
    for batch in batched(arns, MOST_TASKS):
        answer = aws.call("ecs", "DescribeTasks", cluster=cluster, tasks=batch)
        yield from answer["tasks"]
