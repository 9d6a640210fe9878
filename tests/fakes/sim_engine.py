"""The engine's parts, in an order that a plan decides and open to be watched."""

from collections.abc import Callable, Collection
from concurrent.futures import Executor as Pool
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from controller.core.planning.planner import DesiredState
from controller.core.resources.observation import ObservedState
from controller.core.resources.plan import Action
from controller.engine.executor import Executor
from controller.engine.observer import Observer


class OrderlyPool(Pool):
    """Runs tasks when their end is asked for; all of them, in either order."""

    def __init__(self) -> None:
        self.backwards = False
        self._waiting: list[_Later] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Take a task."""
        later = _Later(self, lambda: fn(*args, **kwargs))
        if self.backwards:
            self._waiting.append(later)
        else:
            later.run()
        return later

    def run_all(self) -> None:
        """Run what waits, the last one first; each after what it waits for."""
        waiting, self._waiting = self._waiting, []
        for later in reversed(waiting):
            later.run()


class _Later(Future[Any]):
    def __init__(self, pool: OrderlyPool, work: Callable[[], Any]) -> None:
        super().__init__()
        self._pool = pool
        self._work: Callable[[], Any] | None = work

    def run(self) -> None:
        work, self._work = self._work, None
        if work is None:
            return
        try:
            self.set_result(work())
        except Exception as error:  # noqa: BLE001 - a pool hands on whatever it is
            self.set_exception(error)

    def result(self, timeout: float | None = None) -> Any:
        self._pool.run_all()
        self.run()
        return super().result(timeout)


@dataclass(frozen=True)
class WatchedExecutor(Executor):
    """Remembers what it was asked to do."""

    asked: list[Action] = field(default_factory=list)

    def execute(self, actions: Any, desired: DesiredState) -> Any:
        """Carry the actions out."""
        self.asked.extend(actions)
        return super().execute(actions, desired)


@dataclass(frozen=True)
class WatchedObserver(Observer):
    """Remembers what was seen."""

    seen: list[ObservedState] = field(default_factory=list)

    def observe(
        self, desired: DesiredState, kinds: Collection[str] | None = None
    ) -> ObservedState:
        """Look."""
        observed = super().observe(desired, kinds)
        self.seen.append(observed)
        return observed
