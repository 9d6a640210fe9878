"""Cause of stopped or missing tasks, from ECS's reasons, events and the last log line.

ECS keeps a stopped task for about an hour.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from controller.core.values.redact import redact_line
from controller.kinds.service.state.task import Task

# Tasks that the scheduler stopped in a scaling activity did not fail. Tasks that fail
# their health checks have the same stop code, with another reason.
_BY_SCHEDULER = "ServiceSchedulerInitiated"
_SCALING = "Scaling activity"
# Phrases of events that explain missing tasks.
_FAILURE_PHRASES = (
    "unable to place",
    "was unable to",
    "failed to",
    "failed container health checks",
    "is unhealthy in",
)
_LONGEST_LINE = 200


def last_failed(tasks: Iterable[Task], deployment: str) -> Task | None:
    """Return the task that failed last, preferably one of ``deployment``."""
    failed = [task for task in tasks if not _was_scaled_in(task)]
    own = [task for task in failed if task.started_by == deployment]
    return max(own or failed, key=_stopped_at, default=None)


def stop_reason(task: Task | None, events: Sequence[str], lines: Sequence[str]) -> str:
    """Explain why tasks stop or do not start, without a full stop; empty if unknown.

    Args:
        task: Task that failed last; None if there is none.
        events: Event messages of the service, the newest first.
        lines: Last lines of the task's log, the newest last.
    """
    if task is None:
        known = (e for e in events if any(p in e.lower() for p in _FAILURE_PHRASES))
        return next(known, "").rstrip(".")
    parts = list(task.reasons)
    if task.stop_code and not parts:
        parts.append(task.stop_code)
    if last := next((line for line in reversed(lines) if line.strip()), ""):
        parts.append(f'last log line: "{_short(last)}"')
    return ", ".join(parts)


def _stopped_at(task: Task) -> datetime:
    return task.stopped_at or datetime.min.replace(tzinfo=UTC)


def _was_scaled_in(task: Task) -> bool:
    if task.stop_code != _BY_SCHEDULER:
        return False
    return not task.reasons or task.reasons[0].startswith(_SCALING)


def _short(line: str) -> str:
    text = redact_line(line.strip()).rstrip(".")
    return text if len(text) <= _LONGEST_LINE else f"{text[: _LONGEST_LINE - 1]}…"
