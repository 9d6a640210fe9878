"""Whether the tasks of a finished rollout die again and again.

ECS counts failures only while a rollout goes on; afterwards it replaces what dies for
ever, and between two deaths all tasks run. What tells is how many have died of late.
Once they die again and again, they do until none has for a whole window: a task that
has just come back is no sign of health.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from controller.kinds.service.state.service import ServiceState
from controller.kinds.service.state.task import Task
from controller.kinds.service.state.times import moment

WINDOW = timedelta(minutes=15)
# As ECS's circuit breaker counts: half of the tasks, 3 at least and 200 at most. See
# "How the Amazon ECS deployment circuit breaker detects failures", developer guide.
_LEAST, _MOST, _SHARE = 3, 200, 0.5
# API reference, Task.stopCode: what the task did, or could not do, by itself. Neither a
# person, Spot nor Fargate's maintenance is to blame on the service.
_OWN_DOING = frozenset({"EssentialContainerExited", "TaskFailedToStart"})
_BY_SCHEDULER = "ServiceSchedulerInitiated"
_UNHEALTHY = "health checks"
# "Amazon ECS service event messages", developer guide.
_COMPLETED = "deployment completed"
_STARTED = "has started"

Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CrashLoop:
    """Tasks that died by themselves, one after the other.

    Attributes:
        count: How many.
        first: When the first of them did.
        last: The latest.
        at: When that one did.
    """

    count: int
    first: datetime
    last: Task
    at: datetime


def crash_loop(
    state: ServiceState, service: Answer, stopped: Iterable[Task], now: datetime
) -> CrashLoop | None:
    """Return how tasks of ``service`` die again and again; None if they do not.

    Args:
        state: What was seen of it.
        service: As DescribeServices answers, with its events.
        stopped: Its tasks that ECS remembers; it forgets them after an hour.
        now: The present.
    """
    primary = state.primary
    ours = [t for t in stopped if primary is not None and t.started_by == primary.id]
    if not ours or primary is None or primary.rollout != "COMPLETED":
        return None
    since = _completed_at(service, primary.id)
    died = [
        (task.stopped_at, task)
        for task in ours
        if task.stopped_at is not None
        and is_own_doing(task)
        and (since is None or task.stopped_at > since)
    ]
    row = _unbroken(sorted(died, key=lambda death: death[0]), now)
    if not _is_dense([at for at, _ in row], _threshold(state.desired)):
        return None
    at, last = row[-1]
    return CrashLoop(len(row), row[0][0], last, at)


def is_restless(state: ServiceState, service: Answer, now: datetime) -> bool:
    """Whether tasks were started of late, although the rollout was over.

    Whatever dies is replaced, and the events tell of it: without one there is no need
    to ask for stopped tasks.
    """
    primary = state.primary
    if primary is None or primary.rollout != "COMPLETED":
        return False
    lately = [at for at in _moments(service, _STARTED) if now - at < WINDOW]
    if not lately:
        return False
    since = _completed_at(service, primary.id)
    return since is None or max(lately) > since


def is_own_doing(task: Task) -> bool:
    """Whether a task stopped by itself, or because it failed its health checks."""
    if task.stop_code == _BY_SCHEDULER:
        return any(_UNHEALTHY in reason for reason in task.reasons[:1])
    return task.stop_code in _OWN_DOING


def told(key: str, loop: CrashLoop, revision: str, why: str) -> str:
    """Return ``loop`` in sentences, with what comes next.

    Args:
        key: Of the service in the document.
        loop: What was found.
        revision: What the tasks are tasks of.
        why: What the last died of, without a full stop; empty if nobody knows.
    """
    minutes = max(1, ceil((loop.at - loop.first) / timedelta(minutes=1)))
    because = f": {why.rstrip('.')}" if why else ""
    quiet = WINDOW // timedelta(minutes=1)
    return (
        f"{loop.count} tasks of {revision} stopped by themselves within {minutes} min, "
        f"the last at {loop.at:%H:%M:%S} UTC{because}. See `hokusai logs service/{key} "
        f"--since 1h`, or go back with `hokusai rollback service/{key} --reason TEXT`. "
        f"This ends {quiet} min after the last."
    )


def _threshold(desired: int) -> int:
    return min(max(ceil(desired * _SHARE), _LEAST), _MOST)


def _unbroken(
    died: Sequence[tuple[datetime, Task]], now: datetime
) -> list[tuple[datetime, Task]]:
    """Return those of ``died`` after which no window without a death has passed yet."""
    row: list[tuple[datetime, Task]] = []
    after = now
    for at, task in reversed(died):
        if after - at >= WINDOW:
            break
        row.insert(0, (at, task))
        after = at
    return row


def _is_dense(times: Sequence[datetime], threshold: int) -> bool:
    """Whether so many of ``times`` ever fell into one window."""
    ends = zip(times, times[threshold - 1 :], strict=False)
    return any(last - first <= WINDOW for first, last in ends)


def _completed_at(service: Answer, deployment: str) -> datetime | None:
    """Return when ECS was done with a deployment; None if it does not say any more."""
    known = _moments(service, _COMPLETED, f"(deployment {deployment})")
    return min(known, default=None)


def _moments(service: Answer, word: str, too: str = "") -> Iterator[datetime]:
    """Yield when ECS said something with ``word`` in it, and ``too``."""
    for event in service.get("events", ()):
        message = event["message"]
        if word in message and too in message:
            at = moment(event.get("createdAt"))
            if at is not None:
                yield at
