"""Scope: the selected part of a plan, as resources or actions."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from controller.core.document.resource import Resource, ResourceId
from controller.core.resources.plan import Action, Plan, Verdict


def everything(_action: Action) -> bool:
    """Return True: every action is allowed."""
    return True


@dataclass(frozen=True, slots=True)
class Scope:
    """Selected part of a plan.

    Attributes:
        targets: Selected resources; None for all.
        allows: Predicate for the allowed actions on them.
    """

    targets: frozenset[ResourceId] | None = None
    allows: Callable[[Action], bool] = everything

    @property
    def partial(self) -> bool:
        """True if the scope is less than everything."""
        return self.targets is not None or self.allows is not everything

    def covers(self, id_: ResourceId) -> bool:
        """Return True if ``id_`` is selected."""
        return self.targets is None or id_ in self.targets

    def included(self, plan: Plan) -> Plan:
        """Return the part of ``plan`` in this scope."""
        return _filtered(plan, self._includes)

    def excluded(self, plan: Plan) -> Plan:
        """Return the part of ``plan`` outside of this scope."""
        return _filtered(plan, lambda verdict: not self._includes(verdict))

    def _includes(self, verdict: Verdict) -> bool:
        if not self.covers(verdict.target):
            return False
        return not isinstance(verdict, Action) or self.allows(verdict)


ALL = Scope()


def with_dependencies(
    targets: Iterable[ResourceId], resources: Mapping[ResourceId, Resource[Any]]
) -> frozenset[ResourceId]:
    """Return ``targets`` and all their direct and indirect dependencies."""
    found: set[ResourceId] = set()
    waiting = [id_ for id_ in targets if id_ in resources]
    while waiting:
        id_ = waiting.pop()
        if id_ not in found:
            found.add(id_)
            waiting += resources[id_].depends_on & resources.keys()
    return frozenset(found)


def _filtered(plan: Plan, keep: Callable[[Verdict], bool]) -> Plan:
    return Plan(
        tuple(filter(keep, plan.actions)),
        tuple(filter(keep, plan.advice)),
        tuple(filter(keep, plan.blocked)),
    )
