"""Why tasks of a service stop or do not start, with what a task wrote last."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from controller.core.clock import Clock
from controller.core.dependencies import Aws
from controller.core.errors import DriverError
from controller.kinds.service.logs.aws.lines import last_events
from controller.kinds.service.rollout.stop_reason import sentence
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.task import Task
from controller.kinds.service.state.times import moment

# Last lines of a task's log that are looked through for its last words.
_LINES = 20
# For so long ECS remembers stopped tasks.
_REMEMBERED = timedelta(hours=1)

Answer = Mapping[str, Any]


class StopReasons:
    """Tells it in a sentence. Reads only: one GetLogEvents for each task that died."""

    def __init__(self, aws: Aws, clock: Clock) -> None:
        self._aws = aws
        self._clock = clock
        self._words: dict[str, tuple[str, ...]] = {}

    def sentence(self, spec: ServiceSpec, service: Answer, task: Task | None) -> str:
        """Return what ``task`` died of, or what ECS says of ``service`` if it is None.

        Without a full stop; empty if nobody knows.
        """
        events = [
            event["message"]
            for event in service.get("events", ())
            if self._is_recent(event)
        ]
        return sentence(task, events, self._last_words(spec, task))

    def _is_recent(self, event: Answer) -> bool:
        """Whether an event may be about the tasks that ECS remembers, too."""
        at = moment(event.get("createdAt"))
        return at is None or self._clock.now() - at <= _REMEMBERED

    def _last_words(self, spec: ServiceSpec, task: Task | None) -> tuple[str, ...]:
        """Return what a stopped task wrote last; asked once, for it writes no more."""
        if task is None:
            return ()
        if task.id not in self._words:
            self._words[task.id] = self._log(spec, task)
        return self._words[task.id]

    def _log(self, spec: ServiceSpec, task: Task) -> tuple[str, ...]:
        try:
            events = last_events(self._aws, spec, task.id, _LINES)
        except DriverError:
            # The story is told without its last line.
            return ()
        return tuple(event["message"] for event in events)
