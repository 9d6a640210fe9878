"""The part of a plan that is asked for: some resources, or some actions."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from controller.core.document.resource import Resource, ResourceId
from controller.core.resources.plan import Action, Plan, Verdict


def everything(_action: Action) -> bool:
    """Return True: any action may be done."""
    return True


@dataclass(frozen=True, slots=True)
class Scope:
    """What may be done, of all that a comparison finds.

    Attributes:
        targets: The resources that are asked for; None for all.
        allows: Whether one of their actions may be done.
    """

    targets: frozenset[ResourceId] | None = None
    allows: Callable[[Action], bool] = everything

    @property
    def partial(self) -> bool:
        """Whether less than everything is asked for."""
        return self.targets is not None or self.allows is not everything

    def covers(self, id_: ResourceId) -> bool:
        """Whether ``id_`` is asked for."""
        return self.targets is None or id_ in self.targets

    def inside(self, plan: Plan) -> Plan:
        """Return what of ``plan`` may be done, and is told, in this scope."""
        return _kept(plan, self._includes)

    def outside(self, plan: Plan) -> Plan:
        """Return the rest of ``plan``."""
        return _kept(plan, lambda verdict: not self._includes(verdict))

    def _includes(self, verdict: Verdict) -> bool:
        if not self.covers(verdict.target):
            return False
        return not isinstance(verdict, Action) or self.allows(verdict)


ALL = Scope()


def with_dependencies(
    targets: Iterable[ResourceId], resources: Mapping[ResourceId, Resource[Any]]
) -> frozenset[ResourceId]:
    """Return ``targets`` and all that they depend on, however far away."""
    found: set[ResourceId] = set()
    waiting = [id_ for id_ in targets if id_ in resources]
    while waiting:
        id_ = waiting.pop()
        if id_ not in found:
            found.add(id_)
            waiting += resources[id_].depends_on & resources.keys()
    return frozenset(found)


def _kept(plan: Plan, keep: Callable[[Verdict], bool]) -> Plan:
    return Plan(
        tuple(filter(keep, plan.actions)),
        tuple(filter(keep, plan.advice)),
        tuple(filter(keep, plan.blocked)),
    )
