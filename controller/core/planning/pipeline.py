"""Pipeline from all differences to the actions of this pass.

``permitted`` keeps the actions in scope that no declaration forbids. Preflight checks
run for those that deploy. ``guarded`` holds back what a check or the budget forbids.
"""

from dataclasses import dataclass, replace

from controller.core.document.resource import ResourceId
from controller.core.planning import safety
from controller.core.planning.planner import DesiredState
from controller.core.planning.preflight import Results, deploys, with_findings
from controller.core.planning.safety import SafetyLimits
from controller.core.planning.scope import Scope
from controller.core.resources.observation import ObservedState
from controller.core.resources.plan import Hold, Plan

_UNDER_WAY = frozenset({Hold.ROLLOUT_IN_PROGRESS, Hold.ROLLOUT_STALLED})


@dataclass(frozen=True, slots=True)
class PlanningView:
    """The facts and limits that a plan is judged by.

    Attributes:
        desired: Declared resources.
        observed: Observed state.
        limits: Limits on what may happen at once.
        scope: Part of the plan that was requested.
    """

    desired: DesiredState
    observed: ObservedState
    limits: SafetyLimits
    scope: Scope


def permitted(found: Plan, view: PlanningView) -> Plan:
    """Return the part of ``found`` that is in scope and allowed, without the budget."""
    inside = view.scope.included(found)
    return safety.permitted(inside, view.desired, view.observed, view.limits)


def deployment_targets(plan: Plan) -> tuple[ResourceId, ...]:
    """Return the resources that a permitted ``plan`` would deploy now.

    A resource that waits for a rollout in progress is left out; a later pass deploys it.
    """
    acting = {action.target for action in plan.actions}
    return tuple(
        action.target
        for action in plan.actions
        if deploys(action) and acting.issuperset(action.waits_for)
    )


def guarded(
    plan: Plan,
    found: Plan,
    view: PlanningView,
    results: Results,
    *,
    warnings: bool = True,
) -> Plan:
    """Return the part of a permitted ``plan`` that may be executed now.

    The budget comes last: an action that a check holds back takes no share of it.

    Args:
        plan: Permitted part of ``found``.
        found: Every difference, in scope or not; its rollouts count as under way.
        view: Facts and limits that the plan is judged by.
        results: Results of preflight checks.
        warnings: True to include findings that hold nothing back.
    """
    in_scope = {id_: r for id_, r in results.items() if view.scope.covers(id_)}
    sound = with_findings(plan, in_scope, warnings=warnings)
    return safety.budgeted(sound, replace(view.limits, in_flight=in_flight(found)))


def in_flight(found: Plan) -> int:
    """Return the number of rollouts in progress; a stalled one has not ended either."""
    return sum(b.hold in _UNDER_WAY for b in found.blocked)
