"""Estimated cost of a plan.

Only write calls are estimated: the number of reads depends on the duration.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from controller.core.document.resource import Resource, ResourceId
from controller.core.resources.plan import Action, Plan


@dataclass(frozen=True, slots=True)
class Cost:
    """Cost of an action.

    Attributes:
        calls: Number of write calls.
        restarts: Number of times that running tasks are replaced.
        seconds: Approximate seconds until the action is completed and observed.
    """

    calls: int = 0
    restarts: int = 0
    seconds: int = 0


@dataclass(frozen=True, slots=True)
class CostTotal:
    """Estimated and actual cost of an apply.

    Attributes:
        estimated: Estimate before the first action.
        actual: Actual cost after the last action.
        looks: Number of read calls in between.
    """

    estimated: Cost
    actual: Cost
    looks: int


class Priced(Protocol):
    """Part of a kind that estimates the cost of its actions."""

    @property
    def cost(self) -> Any:
        """Function from an action to its cost."""
        ...


@dataclass(frozen=True, slots=True)
class Costs:
    """Cost of each action of a plan, and the total."""

    by_target: Mapping[ResourceId, Cost]
    total: Cost


def costs_of(
    plan: Plan,
    kinds: Mapping[str, Priced],
    desired: Mapping[ResourceId, Resource[Any]],
) -> Costs:
    """Return the estimated cost of ``plan``.

    Calls and restarts add up. Seconds add up only along a chain of dependencies:
    independent actions run concurrently.
    """
    each = {a.target: kinds[a.target.kind].cost(a) for a in plan.actions}
    ends: dict[ResourceId, int] = {}
    for action in plan.actions:
        resource = desired.get(action.target)
        needs = resource.depends_on if resource else frozenset()
        begins = max((ends.get(id_, 0) for id_ in needs), default=0)
        ends[action.target] = begins + each[action.target].seconds
    total = Cost(
        sum(cost.calls for cost in each.values()),
        sum(cost.restarts for cost in each.values()),
        max(ends.values(), default=0),
    )
    return Costs(each, total)


def one_call_each(action: Action) -> Cost:
    """Return a cost of one call for a creation or deletion, else one for each change."""
    return Cost(max(1, len(action.changes)), int(action.disruptive), 1)
