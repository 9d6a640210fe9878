"""Health of the components, checked concurrently with a deadline."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, Protocol

from controller.core.clock import Clock
from controller.core.errors import ControllerError
from controller.core.values.ttl_cache import TtlCache

_DEADLINE_SECONDS = 2.0
_KEPT_SECONDS = 2.0


class ComponentStatus(StrEnum):
    """Status of a component; ordered from best to worst."""

    HEALTHY = "healthy"
    STARTING = "starting"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"


@dataclass(frozen=True, slots=True)
class Component:
    """Health of one component.

    Attributes:
        status: The verdict.
        message: Reason, if it is not healthy.
        details: Further plain data.
    """

    status: ComponentStatus = ComponentStatus.HEALTHY
    message: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


class HealthSource(Protocol):
    """Source of the health of all components."""

    async def components(self) -> Mapping[str, Component]:
        """Return every part by name. Never raises, never takes long."""
        ...


Look = Callable[[], Component]


class Checks:
    """Looks at each part in a thread of its own, and waits for none of them long.

    A look that hangs is not begun again: its part is unhealthy until it ends.

    Args:
        looks: What looks at each part; raises ControllerError if it is not well.
        clock: Measures the age of what is known.
        deadline: Seconds that an answer may wait for a look.
        kept: Seconds for which what was seen is not looked at again.
    """

    def __init__(
        self,
        looks: Mapping[str, Look],
        clock: Clock,
        *,
        deadline: float = _DEADLINE_SECONDS,
        kept: float = _KEPT_SECONDS,
    ) -> None:
        self._looks = looks
        self._clock = clock
        self._deadline = deadline
        self._seen = TtlCache[str, Component](timedelta(seconds=kept))
        self._under_way: dict[str, asyncio.Task[None]] = {}

    async def components(self) -> Mapping[str, Component]:
        """Return every part by name."""
        tasks = {name: self._task(name) for name in self._looks if self._due(name)}
        if tasks:
            await asyncio.wait(tasks.values(), timeout=self._deadline)
        late = {name for name, task in tasks.items() if not task.done()}
        for name in tasks.keys() - late:
            tasks[name].result()
        return {
            name: self._late() if name in late else self._last(name)
            for name in self._looks
        }

    def _due(self, name: str) -> bool:
        return self._seen.get(name, self._clock.monotonic()) is None

    def _last(self, name: str) -> Component:
        entry = self._seen.last(name)
        return self._late() if entry is None else entry.value

    def _task(self, name: str) -> "asyncio.Task[None]":
        task = self._under_way.get(name)
        if task is None:
            task = asyncio.create_task(self._look(name))
            self._under_way[name] = task
            task.add_done_callback(lambda _: self._under_way.pop(name))
        return task

    async def _look(self, name: str) -> None:
        try:
            component = await asyncio.to_thread(self._looks[name])
        except ControllerError as error:
            component = Component(ComponentStatus.UNHEALTHY, str(error))
        self._seen.put(name, component, self._clock.monotonic())

    def _late(self) -> Component:
        return Component(
            ComponentStatus.UNHEALTHY, f"no response within {self._deadline:g} s"
        )


def worst(components: Mapping[str, Component]) -> ComponentStatus:
    """Return the overall status: that of the worst component."""
    order = list(ComponentStatus)
    levels = [component.status for component in components.values()]
    return max(levels, key=order.index, default=ComponentStatus.HEALTHY)
