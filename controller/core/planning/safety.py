"""Safety limits: the part of a plan that may be executed now.

The planner decides what is needed; this module holds back actions on suspended
resources, actions that the mode or a freeze forbids, actions beyond the budget, and
deletions of resources that only one pass has found undeclared.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from controller.core.document.freeze import Freeze
from controller.core.document.resource import Mode, Resource, ResourceId
from controller.core.planning.planner import DesiredState, plan_of
from controller.core.resources.observation import ObservedState, Ownership, Present
from controller.core.resources.plan import (
    Action,
    Advice,
    Blocked,
    Hold,
    Plan,
    Verb,
    Verdict,
)

# Largest share of the resources of one kind that may be deleted at once.
LARGEST_PRUNE = 0.2


@dataclass(frozen=True, slots=True)
class SafetyLimits:
    """Limits on the actions of a pass.

    Attributes:
        max_disruptive_actions: Largest number of restarts, replacements and deletions
            in progress.
        prune: True if resources that are no longer declared may be deleted.
        disposable: Kinds whose resources are deleted without ``prune``.
        in_flight: Number of disruptive actions already in progress.
        seen_undeclared: Resources that an earlier pass also found undeclared.
        freezes: Times without disruptive actions.
        own: Service that the controller itself runs as; it is changed last.
    """

    max_disruptive_actions: int = 2
    prune: bool = False
    disposable: frozenset[str] = frozenset()
    in_flight: int = 0
    seen_undeclared: frozenset[ResourceId] = frozenset()
    freezes: tuple[Freeze, ...] = ()
    own: ResourceId | None = None


def guard(
    plan: Plan, desired: DesiredState, observed: ObservedState, limits: SafetyLimits
) -> Plan:
    """Return ``plan`` with every action that must not run now replaced by its reason."""
    return budgeted(permitted(plan, desired, observed, limits), limits)


def permitted(
    plan: Plan, desired: DesiredState, observed: ObservedState, limits: SafetyLimits
) -> Plan:
    """Return ``plan`` without actions that a user, mode, freeze or prune rule forbids.

    The budget is not considered. Idempotent.
    """
    prunable = _prunable(plan, observed)
    verdicts: list[Verdict] = []
    for action in plan.actions:
        verdict = (
            _pruned(action, limits, prunable, empty=not desired)
            if action.verb is Verb.DELETE
            else _permitted(action, desired[action.target], observed.taken_at)
        )
        if isinstance(verdict, Action) and verdict.disruptive:
            verdict = _thawed(verdict, limits, observed.taken_at)
        verdicts.append(verdict)
    return plan_of([*verdicts, *plan.advice, *plan.blocked])


def budgeted(plan: Plan, limits: SafetyLimits) -> Plan:
    """Return ``plan`` with no more disruptive actions than the budget allows.

    The controller's own service comes last, and only if nothing else is in progress.
    """
    left = limits.max_disruptive_actions - limits.in_flight
    verdicts: list[Verdict] = []
    for action in sorted(plan.actions, key=lambda action: action.target == limits.own):
        verdict: Verdict = action
        if action.target == limits.own:
            others = limits.in_flight or any(isinstance(v, Action) for v in verdicts)
            verdict = _last(action, bool(others))
        if isinstance(verdict, Action) and verdict.disruptive:
            verdict, left = _budgeted(verdict, left, limits.max_disruptive_actions)
        verdicts.append(verdict)
    return plan_of([*verdicts, *plan.advice, *plan.blocked])


def _permitted(action: Action, resource: Resource[Any], now: datetime) -> Verdict:
    """Return ``action``, unless its resource is suspended or its mode forbids it."""
    suspend = resource.suspend
    if suspend is not None and suspend.in_force(now):
        return Blocked(action.target, Hold.SUSPENDED, suspend.message, action.changes)
    match resource.mode:
        case Mode.ENFORCE:
            return action
        case Mode.SUGGEST:
            message = f"Suggested action: {action.verb} (`mode: suggest`)."
            return Advice(action.target, action.reason, message, action.changes)
        case Mode.OBSERVE:
            message = f"Held back: {action.verb} is not allowed by `mode: observe`."
            return Blocked(action.target, Hold.OBSERVE_ONLY, message, action.changes)


def _thawed(action: Action, limits: SafetyLimits, now: datetime) -> Verdict:
    """Return ``action``, unless a freeze is in force."""
    for freeze in limits.freezes:
        if freeze.in_force(now):
            message = f"Held back: change freeze {freeze.span}: {freeze.reason}"
            return Blocked(action.target, Hold.CHANGE_FREEZE, message, action.changes)
    return action


def _last(action: Action, others: bool) -> Verdict:
    """Return ``action`` on the controller's own service, unless other work is left.

    A controller that replaces itself during other work leaves that work to a successor,
    which may not start. It never deletes itself.
    """
    if action.verb in {Verb.DELETE, Verb.REPLACE}:
        message = (
            f"The controller does not {action.verb} its own service: do it manually."
        )
        return Advice(action.target, action.reason, message, action.changes)
    if action.disruptive and others:
        message = "Held back: the controller's own service is changed last."
        hold = Hold.SELF_UPDATE_DEFERRED
        return Blocked(action.target, hold, message, action.changes)
    return action


def _pruned(
    action: Action, limits: SafetyLimits, prunable: Mapping[str, bool], *, empty: bool
) -> Action | Advice | Blocked:
    """Return the deletion, if it is allowed, seen twice, and one of few.

    A document without resources deletes nothing: an emptied or wrong file is more
    likely than the intention to delete everything.
    """
    target = action.target
    if not limits.prune and target.kind not in limits.disposable:
        message = "No longer declared: set `platform.prune` to delete it."
        return Advice(target, action.reason, message, action.changes)
    if empty:
        message = "Deletion refused: the document declares no resources."
        return Blocked(target, Hold.PRUNE_BLOCKED, message, action.changes)
    if target not in limits.seen_undeclared:
        message = "No longer declared since this pass; the next pass deletes it."
        return Blocked(target, Hold.PRUNE_BLOCKED, message, action.changes)
    if not prunable[target.kind]:
        message = (
            f"Deletion refused: it would delete more than {LARGEST_PRUNE:.0%} of the "
            f"{target.kind} resources at once."
        )
        return Blocked(target, Hold.PRUNE_BLOCKED, message, action.changes)
    return action


def _prunable(plan: Plan, observed: ObservedState) -> dict[str, bool]:
    """Return True for each kind with deletions within the allowed share."""
    doomed = Counter(a.target.kind for a in plan.actions if a.verb is Verb.DELETE)
    owned = Counter(id_.kind for id_ in _owned(observed))
    return {
        kind: count <= max(1, int(owned[kind] * LARGEST_PRUNE))
        for kind, count in doomed.items()
    }


def _owned(observed: ObservedState) -> Iterator[ResourceId]:
    for id_, observation in observed.observations.items():
        if (
            isinstance(observation, Present)
            and observation.ownership is Ownership.MANAGED
        ):
            yield id_


def _budgeted(action: Action, left: int, most: int) -> tuple[Verdict, int]:
    """Return ``action`` and the remaining budget, or a hold if nothing is left."""
    if left > 0:
        return action, left - 1
    message = f"Held back: max_disruptive_actions ({most}) is reached."
    hold = Blocked(
        action.target, Hold.DISRUPTION_BUDGET_EXCEEDED, message, action.changes
    )
    return hold, left
