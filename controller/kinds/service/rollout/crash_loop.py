"""Crash loops: tasks that keep failing after their rollout was completed.

ECS counts failures only during a rollout. Afterwards it replaces failed tasks
indefinitely, and between two failures all tasks run. So recent failures are counted. A
crash loop ends when no task has failed for a whole window: a task that has just started
is no sign of health.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from controller.core.values.aws_answers import utc_time
from controller.core.values.utc_text import utc_text
from controller.kinds.service.state.service import ServiceState
from controller.kinds.service.state.task import Task

WINDOW = timedelta(minutes=15)
# As ECS's circuit breaker counts: half of the tasks, 3 at least and 200 at most. See
# "How the Amazon ECS deployment circuit breaker detects failures", developer guide.
_LEAST, _MOST, _SHARE = 3, 200, 0.5
# API reference, Task.stopCode: failures of the task itself. Tasks that a user, Spot or
# Fargate's maintenance stopped do not count.
_OWN_FAILURES = frozenset({"EssentialContainerExited", "TaskFailedToStart"})
_BY_SCHEDULER = "ServiceSchedulerInitiated"
_UNHEALTHY = "health checks"
# "Amazon ECS service event messages", developer guide.
_COMPLETED = "deployment completed"
_STARTED = "has started"

Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CrashLoop:
    """Tasks that failed in succession.

    Attributes:
        count: Number of tasks.
        first: Time of the first failure.
        last: Task that failed last.
        at: Time of the last failure.
    """

    count: int
    first: datetime
    last: Task
    at: datetime


def crash_loop(
    state: ServiceState, service: Answer, stopped: Iterable[Task], now: datetime
) -> CrashLoop | None:
    """Return the crash loop of ``service``; None if there is none.

    Args:
        state: Observed state.
        service: Service from DescribeServices, with its events.
        stopped: Stopped tasks of the service; ECS keeps them for an hour.
        now: Current time.
    """
    primary = state.primary
    ours = [t for t in stopped if primary is not None and t.started_by == primary.id]
    if not ours or primary is None or primary.rollout != "COMPLETED":
        return None
    since = _completed_at(service, primary.id)
    failures = [
        (task.stopped_at, task)
        for task in ours
        if task.stopped_at is not None
        and is_own_failure(task)
        and (since is None or task.stopped_at > since)
    ]
    series = _current_series(sorted(failures, key=lambda failure: failure[0]), now)
    if not _is_dense([at for at, _ in series], _threshold(state.desired)):
        return None
    at, last = series[-1]
    return CrashLoop(len(series), series[0][0], last, at)


def has_recent_starts(state: ServiceState, service: Answer, now: datetime) -> bool:
    """Return True if ECS started tasks within the window, after the rollout.

    ECS replaces each failed task and records an event. Without such an event, stopped
    tasks need not be read.
    """
    primary = state.primary
    if primary is None or primary.rollout != "COMPLETED":
        return False
    recent = [at for at in _event_times(service, _STARTED) if now - at < WINDOW]
    if not recent:
        return False
    since = _completed_at(service, primary.id)
    return since is None or max(recent) > since


def start_times(service: Answer) -> tuple[datetime, ...]:
    """Return the times at which ECS started tasks, as far as its events show them."""
    return tuple(_event_times(service, _STARTED))


def is_own_failure(task: Task) -> bool:
    """Return True if a task exited, did not start or failed its health checks."""
    if task.stop_code == _BY_SCHEDULER:
        return any(_UNHEALTHY in reason for reason in task.reasons[:1])
    return task.stop_code in _OWN_FAILURES


def crash_loop_message(key: str, loop: CrashLoop, revision: str, cause: str) -> str:
    """Return the message about ``loop``, with the commands to run next.

    Args:
        key: Key of the service in the document.
        loop: The crash loop.
        revision: Task definition of the tasks, as in ``api:3``.
        cause: Cause of the last failure, without a full stop; empty if unknown.
    """
    minutes = max(1, ceil((loop.at - loop.first) / timedelta(minutes=1)))
    because = f": {cause.rstrip('.')}" if cause else ""
    window = WINDOW // timedelta(minutes=1)
    return (
        f"{loop.count} tasks of {revision} failed within {minutes} min, the last at "
        f"{utc_text(loop.at)}{because}. Read the log with `hokusai logs "
        f"service/{key} --since 1h`, or roll back with `hokusai rollback service/{key} "
        f"--reason TEXT`. The crash loop ends {window} min after the last failure."
    )


def _threshold(desired: int) -> int:
    return min(max(ceil(desired * _SHARE), _LEAST), _MOST)


def _current_series(
    failures: Sequence[tuple[datetime, Task]], now: datetime
) -> list[tuple[datetime, Task]]:
    """Return the latest failures that no window without a failure separates."""
    series: list[tuple[datetime, Task]] = []
    after = now
    for at, task in reversed(failures):
        if after - at >= WINDOW:
            break
        series.insert(0, (at, task))
        after = at
    return series


def _is_dense(times: Sequence[datetime], threshold: int) -> bool:
    """Return True if any window contains ``threshold`` of ``times``."""
    ends = zip(times, times[threshold - 1 :], strict=False)
    return any(last - first <= WINDOW for first, last in ends)


def _completed_at(service: Answer, deployment: str) -> datetime | None:
    """Return the completion time of a deployment; None if its event has expired."""
    known = _event_times(service, _COMPLETED, f"(deployment {deployment})")
    return min(known, default=None)


def _event_times(service: Answer, *phrases: str) -> Iterator[datetime]:
    """Yield the times of the events that contain all ``phrases``."""
    for event in service.get("events", ()):
        message = event["message"]
        if all(phrase in message for phrase in phrases):
            at = utc_time(event.get("createdAt"))
            if at is not None:
                yield at
