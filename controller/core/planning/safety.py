"""``guard``: what of a plan may be done now.

The planner says what it takes; this says what we dare. Nothing passes here that
a person suspended, that the mode forbids, that a budget does not cover, or that
deletes what was seen undeclared only once.
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

# Of one kind, never more than this share is deleted at once.
LARGEST_PRUNE = 0.2


@dataclass(frozen=True, slots=True)
class SafetyLimits:
    """How much may happen at once.

    Attributes:
        max_disruptive_actions: Restarts, replacements and deletions under way.
        prune: Whether what is no longer declared may be deleted.
        in_flight: Disruptive actions under way already.
        seen_undeclared: What an earlier pass saw undeclared, too.
        freezes: Times in which nothing disruptive is done.
        own: The service that we run as; it is changed last.
    """

    max_disruptive_actions: int = 2
    prune: bool = False
    in_flight: int = 0
    seen_undeclared: frozenset[ResourceId] = frozenset()
    freezes: tuple[Freeze, ...] = ()
    own: ResourceId | None = None


def guard(
    plan: Plan, desired: DesiredState, observed: ObservedState, limits: SafetyLimits
) -> Plan:
    """Return ``plan`` with every action that must not run now as a reason."""
    return budgeted(permitted(plan, desired, observed, limits), limits)


def permitted(
    plan: Plan, desired: DesiredState, observed: ObservedState, limits: SafetyLimits
) -> Plan:
    """Return ``plan`` without what a user, the mode, a freeze or pruning forbids.

    The budget is not considered. Safe to repeat: what is permitted stays permitted.
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
    """Return ``plan`` with no more disruptive actions than the budget covers.

    The controller's own service comes last, and only when nothing else is under way.
    """
    left = limits.max_disruptive_actions - limits.in_flight
    verdicts: list[Verdict] = []
    for action in sorted(plan.actions, key=lambda action: action.target == limits.own):
        verdict: Verdict = action
        if action.target == limits.own:
            others = limits.in_flight or any(isinstance(v, Action) for v in verdicts)
            verdict = _last(action, bool(others))
        if isinstance(verdict, Action) and verdict.disruptive:
            verdict, left = _budgeted(verdict, left)
        verdicts.append(verdict)
    return plan_of([*verdicts, *plan.advice, *plan.blocked])


def _permitted(action: Action, resource: Resource[Any], now: datetime) -> Verdict:
    """Return ``action``, unless its resource is suspended or not ours to change."""
    suspend = resource.suspend
    if suspend is not None and suspend.in_force(now):
        return Blocked(action.target, Hold.SUSPENDED, suspend.told, action.changes)
    match resource.mode:
        case Mode.ENFORCE:
            return action
        case Mode.SUGGEST:
            message = f"Would {action.verb} it; the mode is suggest."
            return Advice(action.target, action.reason, message, action.changes)
        case Mode.OBSERVE:
            message = f"Would {action.verb} it; the mode is observe."
            return Blocked(action.target, Hold.OBSERVE_ONLY, message, action.changes)


def _thawed(action: Action, limits: SafetyLimits, now: datetime) -> Verdict:
    """Return ``action``, unless nothing may be stopped or replaced for now."""
    for freeze in limits.freezes:
        if freeze.in_force(now):
            message = f"Nothing is stopped or replaced {freeze.span}: {freeze.reason}"
            return Blocked(action.target, Hold.CHANGE_FREEZE, message, action.changes)
    return action


def _last(action: Action, others: bool) -> Verdict:
    """Return ``action`` on ourselves, unless something else is to be done before.

    A controller that replaces itself amid other work leaves it to a successor that
    may not start. It never removes itself.
    """
    if action.verb in {Verb.DELETE, Verb.REPLACE}:
        message = f"Would {action.verb} the service that we run as."
        return Advice(action.target, action.reason, message, action.changes)
    if action.disruptive and others:
        message = "It is the service that we run as; the others come first."
        hold = Hold.SELF_UPDATE_DEFERRED
        return Blocked(action.target, hold, message, action.changes)
    return action


def _pruned(
    action: Action, limits: SafetyLimits, prunable: Mapping[str, bool], *, empty: bool
) -> Action | Advice | Blocked:
    """Return the deletion, if it was asked for, seen twice, and is not many.

    A document that declares nothing at all deletes nothing: somebody emptied it, or
    read the wrong file, more likely than meant to be rid of everything.
    """
    target = action.target
    if not limits.prune:
        message = (
            "It is ours and no longer declared; set `platform.prune` to delete it."
        )
        return Advice(target, action.reason, message, action.changes)
    if empty:
        message = "The document declares nothing at all; that deletes nothing."
        return Blocked(target, Hold.PRUNE_BLOCKED, message, action.changes)
    if target not in limits.seen_undeclared:
        message = "Seen undeclared for the first time; the next pass deletes it."
        return Blocked(target, Hold.PRUNE_BLOCKED, message, action.changes)
    if not prunable[target.kind]:
        message = f"More than {LARGEST_PRUNE:.0%} of its kind would go at once."
        return Blocked(target, Hold.PRUNE_BLOCKED, message, action.changes)
    return action


def _prunable(plan: Plan, observed: ObservedState) -> dict[str, bool]:
    """Return, for each kind with deletions, whether they are few enough."""
    doomed = Counter(a.target.kind for a in plan.actions if a.verb is Verb.DELETE)
    owned = Counter(id_.kind for id_ in _owned(observed))
    return {
        kind: count <= max(1, int(owned[kind] * LARGEST_PRUNE))
        for kind, count in doomed.items()
    }


def _owned(observed: ObservedState) -> Iterator[ResourceId]:
    for id_, observation in observed.observations.items():
        if isinstance(observation, Present) and observation.ownership is Ownership.OURS:
            yield id_


def _budgeted(action: Action, left: int) -> tuple[Verdict, int]:
    """Return ``action`` and one less to spend, or the word that nothing is left."""
    if left > 0:
        return action, left - 1
    message = "As many disruptive actions as allowed are under way."
    hold = Blocked(
        action.target, Hold.DISRUPTION_BUDGET_EXCEEDED, message, action.changes
    )
    return hold, left
