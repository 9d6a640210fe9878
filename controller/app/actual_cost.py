"""Actual cost of an apply, to compare with the estimate."""

from collections.abc import Callable

from controller.bootstrap.call_count import CallsSpent
from controller.core.resources.cost import Cost
from controller.core.resources.driver import Applied, Progressing
from controller.engine.reconciler import PassResult


class ActualCost:
    """Counts calls, restarts and seconds from now on.

    Args:
        spent: Returns what was spent until it is called.
    """

    def __init__(self, spent: Callable[[], CallsSpent]) -> None:
        self._spent = spent
        self._before = spent()
        self._restarts = 0
        self._seconds = 0.0

    def note(self, result: PassResult, elapsed: float) -> None:
        """Count the restarts that a pass began."""
        self._seconds = elapsed
        for action in result.plan.actions:
            outcome = result.outcomes.get(action.target)
            if action.disruptive and isinstance(outcome, Applied | Progressing):
                self._restarts += 1

    @property
    def cost(self) -> Cost:
        """Cost so far."""
        calls = self._spent().writes - self._before.writes
        return Cost(calls, self._restarts, round(self._seconds))

    @property
    def looks(self) -> int:
        """Number of read calls."""
        spent = self._spent()
        times = spent.times - self._before.times
        return times - (spent.writes - self._before.writes)
