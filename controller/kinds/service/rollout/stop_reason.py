"""Why tasks do not run: one sentence out of what ECS, and the task itself, said.

ECS forgets a stopped task within the hour, and its last words with it.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from controller.core.values.redact import redact_line
from controller.kinds.service.state.task import Task

# Stopped by ECS to make room: no failure of its own. What fails its health checks is
# stopped by the scheduler too, but not for that reason.
_BY_SCHEDULER = "ServiceSchedulerInitiated"
_MAKING_ROOM = "Scaling activity"
_TELLING = (
    "unable to place",
    "was unable to",
    "failed to",
    "failed container health checks",
    "is unhealthy in",
)
_LONGEST_LINE = 200


def culprit(tasks: Iterable[Task], deployment: str) -> Task | None:
    """Return the task that stopped by itself last: of ``deployment``, if one did."""
    failed = [task for task in tasks if not _made_room(task)]
    own = [task for task in failed if task.started_by == deployment]
    return max(own or failed, key=_stopped_at, default=None)


def sentence(task: Task | None, events: Sequence[str], lines: Sequence[str]) -> str:
    """Return why tasks stop or do not start, without a full stop; empty if unknown.

    Args:
        task: The one that stopped by itself last.
        events: What ECS said of the service, the newest first.
        lines: What the task wrote last, the last line last.
    """
    if task is None:
        refusals = (e for e in events if any(w in e.lower() for w in _TELLING))
        return next(refusals, "").rstrip(".")
    parts = list(task.reasons)
    if task.stop_code and not parts:
        parts.append(task.stop_code)
    if last := next((line for line in reversed(lines) if line.strip()), ""):
        parts.append(f'its last line was "{_short(last)}"')
    return ", ".join(parts)


def _stopped_at(task: Task) -> datetime:
    return task.stopped_at or datetime.min.replace(tzinfo=UTC)


def _made_room(task: Task) -> bool:
    if task.stop_code != _BY_SCHEDULER:
        return False
    return not task.reasons or task.reasons[0].startswith(_MAKING_ROOM)


def _short(line: str) -> str:
    text = redact_line(line.strip()).rstrip(".")
    return text if len(text) <= _LONGEST_LINE else f"{text[: _LONGEST_LINE - 1]}…"
