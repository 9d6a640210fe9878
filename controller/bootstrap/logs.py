"""Read what the processes of a resource wrote, once or for as long as wanted."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from controller.core.errors import RefusedError, TransientError
from controller.core.lines import Line, Logged

if TYPE_CHECKING:
    from controller.bootstrap.controller import Controller
    from controller.core.clock import Clock
    from controller.core.resource import ResourceId

POLL_SECONDS = 2.0
# CloudWatch may show a line this much later than others of the same time.
_LATE = timedelta(seconds=30)


class Reader:
    """Reads the lines of one resource, each once.

    Args:
        controller: Reaches the outside.
        target: Whose lines.
        source: Of one of its processes; empty for all.

    Raises:
        RefusedError: nothing of its kind writes lines.
    """

    def __init__(self, controller: Controller, target: ResourceId, source: str) -> None:
        driver = controller.driver(target.kind)
        if not isinstance(driver, Logged):
            msg = f"{target} writes no lines: services do"
            raise RefusedError(msg)
        self._driver = driver
        self._resource = controller.document.resources[target]
        self._clock: Clock = controller.clock
        self._source = source
        self._seen: dict[str, datetime] = {}

    def last(self, span: timedelta, number: int) -> tuple[Line, ...]:
        """Return the newest lines of the last ``span``, the oldest first."""
        since = self._clock.now() - span
        return tuple(deque(self._new(since), maxlen=number))

    def following(self, ends: Callable[[], bool] = lambda: False) -> Iterator[Line]:
        """Yield what is written from now on, until ``ends``.

        An outage of a moment is waited for: what was written meanwhile follows.
        """
        while not ends():
            self._clock.sleep(POLL_SECONDS)
            try:
                yield from self._new(self._newest() - _LATE)
            except TransientError:
                continue

    def _newest(self) -> datetime:
        return max(self._seen.values(), default=self._clock.now())

    def _new(self, since: datetime) -> Iterator[Line]:
        """Yield the lines since then that were not told yet."""
        found = [*self._driver.lines(self._resource, since, self._source)]
        known = self._seen
        # Those before cannot come again.
        self._seen = {id_: at for id_, at in known.items() if at >= since - _LATE}
        self._seen |= {line.id: line.at for line in found}
        return iter([line for line in found if line.id not in known])
