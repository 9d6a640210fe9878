"""A saved plan that is carried out: each of its actions once, and no other."""

from controller.core.errors import RefusedError
from controller.core.planning.plan_file import (
    Origin,
    SavedPlan,
    is_unchanged,
    origin_mismatches,
    plan_mismatches,
)
from controller.core.planning.planner import Kinds
from controller.core.planning.scope import Scope
from controller.core.resources.driver import Applied, Progressing
from controller.core.resources.plan import Action, Plan
from controller.engine.reconciler import PassResult


class SavedPlanRun:
    """Remaining part of a saved plan.

    Attributes:
        scope: Lets through what is still to be done, as it was planned.
    """

    def __init__(self, plan: SavedPlan, kinds: Kinds) -> None:
        self._plan = plan
        self._kinds = kinds
        self._waiting = {action.target: action for action in plan.actions}
        self.scope = Scope(plan.targets, self._allows)

    def note(self, result: PassResult) -> None:
        """Strike out what came about in a pass."""
        for target, outcome in result.outcomes.items():
            if isinstance(outcome, Applied | Progressing):
                self._waiting.pop(target, None)

    def check_origin(self, now: Origin) -> None:
        """Return if the same is declared as when the plan was saved.

        Raises:
            RefusedError: it names everything that moved.
        """
        _refuse(list(origin_mismatches(self._plan.origin, now)))

    def check(self, now: Plan) -> None:
        """Return if every field the plan acts on is as it was.

        Raises:
            RefusedError: it names every resource and field that moved.
        """
        _refuse([str(found) for found in plan_mismatches(self._plan, now, self._kinds)])

    def _allows(self, action: Action) -> bool:
        planned = self._waiting.get(action.target)
        return planned is not None and is_unchanged(action, planned, self._kinds)


def _refuse(problems: list[str]) -> None:
    if problems:
        told = "\n".join(f"  {problem}" for problem in problems)
        msg = f"the plan does not hold any more; save a new one with `diff --out`:\n{told}"
        raise RefusedError(msg)
