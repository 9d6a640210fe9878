"""Eventual consistency: reads that do not return the latest writes."""

from copy import deepcopy
from datetime import datetime, timedelta

from controller.emulation.ecs.state import World


class ReadLag:
    """Copies of the world before each recent write. Disabled while ``window`` is zero."""

    def __init__(self) -> None:
        self.window = timedelta(0)
        self._before: list[tuple[datetime, World]] = []

    def record(self, world: World, now: datetime) -> None:
        """Copy the world before a write."""
        if self.window:
            self._drop_expired(now)
            self._before.append((now, deepcopy(world)))

    def visible(self, world: World, now: datetime) -> World:
        """Return the world for a read, without the writes of the window."""
        self._drop_expired(now)
        return self._before[0][1] if self._before else world

    def _drop_expired(self, now: datetime) -> None:
        horizon = now - self.window
        self._before = [(at, world) for at, world in self._before if at > horizon]
