"""For how long a rollout has come no further.

Further is: more of its tasks run than ever before, or it reached another stage. Tasks
that come and go are none: a rollout whose tasks die again and again gets nowhere,
however much happens meanwhile.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from controller.core.clock import Clock
from controller.kinds.service.state.service import ServiceState
from controller.kinds.service.state.times import moment

Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Mark:
    """How far a rollout has come, and since when by the steady clock."""

    deployment: str
    desired: int
    stage: str
    running: int
    since: float


class RolloutProgress:
    """Remembers how far each rollout has come."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._marks: dict[str, _Mark] = {}

    def quiet(self, state: ServiceState, answer: Answer) -> timedelta:
        """Return for how long the rollout under way has come no further.

        What nobody here has seen before counts from the last that ECS tells of: a
        controller that was started anew need not wait once more.
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
            heard = _last_heard(answer, primary.id) or self._clock.now()
            ago = max(timedelta(0), self._clock.now() - heard)
            mark = _Mark(*_place(fresh), primary.running, now - ago.total_seconds())
        elif _place(known) != _place(fresh) or primary.running > known.running:
            mark = fresh
        else:
            mark = known
        self._marks[state.arn] = mark
        return timedelta(seconds=now - mark.since)


def _place(mark: _Mark) -> tuple[str, int, str]:
    return mark.deployment, mark.desired, mark.stage


def _last_heard(answer: Answer, id_: str) -> datetime | None:
    """Return when ECS last told anything of a deployment that might be progress."""
    told = [d.get("updatedAt") for d in answer["deployments"] if d["id"] == id_]
    told += [event.get("createdAt") for event in answer.get("events", ())]
    return max(filter(None, map(moment, told)), default=None)
