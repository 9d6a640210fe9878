"""What carrying out a plan takes, told before it is done.

Calls are those that change something: how often we must look meanwhile depends on
how long it takes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from controller.core.document.resource import Resource, ResourceId
from controller.core.resources.plan import Action, Plan


@dataclass(frozen=True, slots=True)
class Cost:
    """What an action takes.

    Attributes:
        calls: Calls that change something.
        restarts: Times that what runs is replaced.
        seconds: About how long until it is done and seen to be.
    """

    calls: int = 0
    restarts: int = 0
    seconds: int = 0


@dataclass(frozen=True, slots=True)
class CostTotal:
    """What was foretold, beside what it came to.

    Attributes:
        foretold: Before anything was done.
        actual: Once all was done.
        looks: Calls that were made only to look, meanwhile.
    """

    foretold: Cost
    actual: Cost
    looks: int


class Priced(Protocol):
    """The part of a kind that knows what its actions take."""

    @property
    def cost(self) -> Any:
        """A function from an action to its cost."""
        ...


@dataclass(frozen=True, slots=True)
class Costs:
    """What each action of a plan takes, and all of them together."""

    by_target: Mapping[ResourceId, Cost]
    total: Cost


def costs_of(
    plan: Plan,
    kinds: Mapping[str, Priced],
    desired: Mapping[ResourceId, Resource[Any]],
) -> Costs:
    """Return what ``plan`` takes.

    Calls and restarts add up. Seconds do so only along a chain of dependencies:
    what does not depend on each other is done side by side.
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
    """Return one call for a creation or deletion, else one for each change."""
    return Cost(max(1, len(action.changes)), int(action.disruptive), 1)
