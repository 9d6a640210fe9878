"""What of a comparison is done now: what is permitted, sound, and within the budget."""

from dataclasses import dataclass, replace

from controller.core.document.resource import ResourceId
from controller.core.planning.planner import DesiredState
from controller.core.planning.preflight import Results, deploys, with_findings
from controller.core.planning.safety import SafetyLimits, guard
from controller.core.planning.scope import Scope
from controller.core.resources.observation import ObservedState
from controller.core.resources.plan import Hold, Plan

_UNDER_WAY = frozenset({Hold.ROLLOUT_IN_PROGRESS, Hold.ROLLOUT_STALLED})


@dataclass(frozen=True, slots=True)
class PlanningView:
    """What a plan is judged by.

    Attributes:
        desired: What is declared.
        observed: What was seen.
        limits: How much may happen at once.
        scope: What of it is asked for.
    """

    desired: DesiredState
    observed: ObservedState
    limits: SafetyLimits
    scope: Scope


def deployed(found: Plan, view: PlanningView) -> tuple[ResourceId, ...]:
    """Return what ``found`` would deploy now.

    Not what a person holds back, and not what waits for something that goes on by
    itself meanwhile: its turn is in a later pass.
    """
    actions = _permitted(found, view).actions
    under_way = {action.target for action in actions}
    return tuple(
        action.target
        for action in actions
        if deploys(action) and under_way.issuperset(action.waits_for)
    )


def dared(
    found: Plan, view: PlanningView, results: Results, *, warnings: bool = True
) -> Plan:
    """Return what of ``found`` may be done now.

    The budget comes last: what cannot be deployed uses up nobody's turn.

    Args:
        found: What differs.
        view: What it is judged by.
        results: What is known of what resources rest on.
        warnings: Whether to tell of findings that hold nothing back.
    """
    told = {id_: r for id_, r in results.items() if view.scope.covers(id_)}
    sound = with_findings(_permitted(found, view), told, warnings=warnings)
    limits = replace(view.limits, in_flight=in_flight(found))
    return guard(sound, view.desired, view.observed, limits)


def in_flight(found: Plan) -> int:
    """Return how many rollouts are under way; what is stuck has not ended either."""
    return sum(b.hold in _UNDER_WAY for b in found.blocked)


def _permitted(found: Plan, view: PlanningView) -> Plan:
    """Return what of ``found`` is asked for and held back by nobody, at any price."""
    inside = view.scope.inside(found)
    limits = replace(view.limits, max_disruptive_actions=len(inside.actions), own=None)
    return guard(inside, view.desired, view.observed, limits)
