"""Stop reasons of tasks, with the last line of the task's log."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from controller.core.clock import Clock
from controller.core.dependencies import Aws
from controller.core.errors import DriverError
from controller.core.values.aws_answers import utc_time
from controller.kinds.service.logs.aws.lines import last_events
from controller.kinds.service.rollout.stop_reason import stop_reason
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.task import Task

# Number of lines from the end of a log that are searched for one that is not blank.
_LINES = 20
# Time for which ECS keeps stopped tasks.
_RETAINED = timedelta(hours=1)

Answer = Mapping[str, Any]


class StopReasons:
    """Explanations of stopped tasks. Reads only: one GetLogEvents per stopped task."""

    def __init__(self, aws: Aws, clock: Clock) -> None:
        self._aws = aws
        self._clock = clock
        self._lines: dict[str, tuple[str, ...]] = {}

    def of(self, spec: ServiceSpec, service: Answer, task: Task | None) -> str:
        """Explain why ``task`` stopped or, if it is None, why ``service`` lacks tasks.

        The text has no full stop; it is empty if the reason is unknown.
        """
        events = [
            event["message"]
            for event in service.get("events", ())
            if self._is_recent(event)
        ]
        return stop_reason(task, events, self._last_lines(spec, task))

    def _is_recent(self, event: Answer) -> bool:
        """Return True if an event is no older than the stopped tasks that ECS keeps."""
        at = utc_time(event.get("createdAt"))
        return at is None or self._clock.now() - at <= _RETAINED

    def _last_lines(self, spec: ServiceSpec, task: Task | None) -> tuple[str, ...]:
        """Return the last lines of a stopped task, read once: its log is complete."""
        if task is None:
            return ()
        if task.id not in self._lines:
            self._lines[task.id] = self._log(spec, task)
        return self._lines[task.id]

    def _log(self, spec: ServiceSpec, task: Task) -> tuple[str, ...]:
        try:
            events = last_events(self._aws, spec, task.id, _LINES)
        except DriverError:
            # The reason is reported without a log line.
            return ()
        return tuple(event["message"] for event in events)
