"""Time since a rollout last made progress.

Progress is more running tasks than ever before, or another stage. A rollout whose tasks
start and fail repeatedly makes no progress.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from controller.core.clock import Clock
from controller.core.values.aws_answers import utc_time
from controller.kinds.service.state.service import ServiceState

Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Mark:
    """The furthest point of a rollout.

    Attributes:
        deployment: Id of the deployment.
        desired: Desired number of tasks.
        stage: Stage of the service deployment.
        running: Most tasks that ever ran.
        since: Time when this point was reached, by the monotonic clock.
    """

    deployment: str
    desired: int
    stage: str
    running: int
    since: float


class RolloutProgress:
    """The furthest point of each rollout, by service."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._marks: dict[str, _Mark] = {}

    def stalled_for(self, state: ServiceState, answer: Answer) -> timedelta:
        """Return the time since the current rollout last made progress.

        For a rollout that this process has not seen before, the time starts at the last
        event of ECS, so that a restarted controller does not wait again.
        """
        primary = state.primary
        if primary is None or primary.rollout != "IN_PROGRESS":
            self._marks.pop(state.arn, None)
            return timedelta(0)
        now = self._clock.monotonic()
        stage = state.service_deployment.stage if state.service_deployment else ""
        known = self._marks.get(state.arn)
        fresh = _Mark(primary.id, primary.desired, stage, primary.running, now)
        if known is None or known.deployment != primary.id:
            last = _last_event(answer, primary.id) or self._clock.now()
            ago = max(timedelta(0), self._clock.now() - last)
            mark = _Mark(*_stage_of(fresh), primary.running, now - ago.total_seconds())
        elif _stage_of(known) != _stage_of(fresh) or primary.running > known.running:
            mark = fresh
        else:
            mark = known
        self._marks[state.arn] = mark
        return timedelta(seconds=now - mark.since)


def _stage_of(mark: _Mark) -> tuple[str, int, str]:
    return mark.deployment, mark.desired, mark.stage


def _last_event(answer: Answer, id_: str) -> datetime | None:
    """Return the time of the last update or event that might be progress."""
    times = [d.get("updatedAt") for d in answer["deployments"] if d["id"] == id_]
    times += [event.get("createdAt") for event in answer.get("events", ())]
    return max(filter(None, map(utc_time, times)), default=None)
