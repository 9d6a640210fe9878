"""One task, as ECS tells of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from controller.kinds.service.state.times import moment

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
        stopped_at: When, or when its containers did; None while they run.
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
    """Return a task as DescribeTasks tells of it."""
    return Task(
        id=answer["taskArn"].rpartition("/")[2],
        started_by=answer.get("startedBy", ""),
        status=answer["lastStatus"],
        health=answer.get("healthStatus", "UNKNOWN"),
        address=address_of(answer),
        stop_code=answer.get("stopCode", ""),
        reasons=tuple(dict.fromkeys(_reasons(answer))),
        stopped_at=moment(answer.get("stoppedAt") or answer.get("executionStoppedAt")),
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
