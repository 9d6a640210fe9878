"""Eventual consistency: reads that do not see the latest writes yet."""

from copy import deepcopy
from datetime import datetime, timedelta

from controller.emulation.ecs.state import World


class ReadLag:
    """Keeps how the world was before each recent write. Off while it is zero."""

    def __init__(self) -> None:
        self.window = timedelta(0)
        self._before: list[tuple[datetime, World]] = []

    def before_write(self, world: World, now: datetime) -> None:
        """Note that the world is about to change."""
        if self.window:
            self._forget(now)
            self._before.append((now, deepcopy(world)))

    def visible(self, world: World, now: datetime) -> World:
        """Return the world as a read sees it: without the writes of the window."""
        self._forget(now)
        return self._before[0][1] if self._before else world

    def _forget(self, now: datetime) -> None:
        horizon = now - self.window
        self._before = [(at, was) for at, was in self._before if at > horizon]
