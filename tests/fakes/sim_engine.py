"""Parts of the engine with a controlled order and recorded calls."""

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
    """Runs tasks at submission, or backwards when a result is requested."""

    def __init__(self) -> None:
        self.backwards = False
        self._waiting: list[_Later] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Run a task now, or keep it until a result is requested."""
        later = _Later(self, lambda: fn(*args, **kwargs))
        if self.backwards:
            self._waiting.append(later)
        else:
            later.run()
        return later

    def run_all(self) -> None:
        """Run all waiting tasks, the last one first."""
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
        except Exception as error:  # noqa: BLE001 - an executor stores every error
            self.set_exception(error)

    def result(self, timeout: float | None = None) -> Any:
        self._pool.run_all()
        self.run()
        return super().result(timeout)


@dataclass(frozen=True)
class WatchedExecutor(Executor):
    """Executor that records its actions."""

    asked: list[Action] = field(default_factory=list)

    def execute(self, actions: Any, desired: DesiredState) -> Any:
        """Record and carry out the actions."""
        self.asked.extend(actions)
        return super().execute(actions, desired)


@dataclass(frozen=True)
class WatchedObserver(Observer):
    """Observer that records its observations."""

    seen: list[ObservedState] = field(default_factory=list)

    def observe(
        self, desired: DesiredState, kinds: Collection[str] | None = None
    ) -> ObservedState:
        """Observe and record the state."""
        observed = super().observe(desired, kinds)
        self.seen.append(observed)
        return observed
