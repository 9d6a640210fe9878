"""Observed state of one task."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from controller.core.values.aws_answers import private_address, utc_time

Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Task:
    """A task; API reference, Task.

    Attributes:
        id: Last part of its ARN.
        started_by: Id of the deployment that started it, as in ``ecs-svc/…``.
        status: Last status, such as ``PENDING``, ``RUNNING`` or ``STOPPED``.
        health: Health status: ``HEALTHY``, ``UNHEALTHY`` or ``UNKNOWN``.
        address: Private address; empty while it has none.
        stop_code: Stop code of ECS.
        reasons: Stop reasons: of the task, then of its containers.
        stopped_at: Time when it, or its containers, stopped; None while they run.
    """

    id: str
    started_by: str
    status: str
    health: str
    address: str
    stop_code: str = ""
    reasons: tuple[str, ...] = ()
    stopped_at: datetime | None = None


def task_of(answer: Answer) -> Task:
    """Parse a task from DescribeTasks."""
    return Task(
        id=answer["taskArn"].rpartition("/")[2],
        started_by=answer.get("startedBy", ""),
        status=answer["lastStatus"],
        health=answer.get("healthStatus", "UNKNOWN"),
        address=private_address(answer),
        stop_code=answer.get("stopCode", ""),
        reasons=tuple(dict.fromkeys(_reasons(answer))),
        stopped_at=utc_time(
            answer.get("stoppedAt") or answer.get("executionStoppedAt")
        ),
    )


def _reasons(answer: Answer) -> Iterator[str]:
    if reason := answer.get("stoppedReason"):
        yield reason.rstrip(".")
    for container in answer.get("containers", ()):
        if reason := container.get("reason"):
            yield str(reason)
        if code := container.get("exitCode"):
            yield f"{container['name']} exited with {code}"
