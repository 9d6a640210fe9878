"""Conditions of resources, concluded after each pass.

Ready is true only for a resource that was observed, is in sync and is healthy.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from controller.core.document.resource import Resource, ResourceId
from controller.core.errors import PermanentError
from controller.core.planning.planner import DesiredState, Kinds
from controller.core.resources.condition import (
    Condition,
    Conditions,
    ConditionType,
    Truth,
    UndatedCondition,
    with_transition_times,
)
from controller.core.resources.driver import (
    Failed,
    Outcome,
    Progressing,
    Skipped,
    Waiting,
)
from controller.core.resources.kind import MEANWHILE, Health, HealthLevel, Kind
from controller.core.resources.observation import (
    Absent,
    ObservedState,
    Present,
    Unknown,
)
from controller.core.resources.plan import (
    Action,
    Advice,
    Blocked,
    Hold,
    Plan,
    Reason,
    Verdict,
)
from controller.core.values.counts import counted

# Holds that end without an action of the user.
_TEMPORARY = frozenset(
    {
        Hold.DEPENDENCY_NOT_READY,
        Hold.NO_MATCHING_RUN,
        Hold.GATE_FAILED,
        Hold.ROLLOUT_IN_PROGRESS,
        Hold.DISRUPTION_BUDGET_EXCEEDED,
        Hold.UNKNOWN,
        Hold.RESOLUTION_FAILED,
        Hold.CHANGE_FREEZE,
        Hold.SELF_UPDATE_DEFERRED,
        Hold.RESTARTED_RECENTLY,
    }
)

# Fields that a message names before it only counts them.
_NAMED_FIELDS = 3
# Advice about a resource that is in sync.
WARNINGS = frozenset(
    {
        Reason.APPROVAL_REQUIRED,
        Reason.GATE_FAILED,
        Reason.PREFLIGHT_WARNING,
        Reason.ROLLED_BACK,
        Reason.TASKS_OUTDATED,
        Reason.WRITE_CONFLICT,
    }
)
# Reasons whose first message stays: backends soon forget the last output of a task.
_FIRST_MESSAGE = frozenset({Hold.REVISION_REJECTED.value, "RolloutFailed"})


def conditions_of(
    desired: DesiredState,
    observed: ObservedState,
    plan: Plan,
    outcomes: Mapping[ResourceId, Outcome],
    kinds: Kinds,
    before: Mapping[ResourceId, Conditions],
) -> dict[ResourceId, dict[str, Condition]]:
    """Return the conditions of every declared resource.

    Args:
        desired: Declared resources.
        observed: State observed after the actions.
        plan: Plan for ``observed``.
        outcomes: Outcomes of the actions of this pass.
        kinds: All kinds, by name.
        before: Previous conditions, for the times of transition.
    """
    verdicts = _by_target(plan)
    return {
        id_: with_transition_times(
            before.get(id_, {}),
            (
                _remembered(
                    _dated(finding, resource, observed.taken_at), before.get(id_)
                )
                for finding in _findings(
                    kinds[id_.kind],
                    resource,
                    observed,
                    verdicts.get(id_, ()),
                    outcomes.get(id_),
                )
            ),
        )
        for id_, resource in desired.items()
    }


def _by_target(plan: Plan) -> dict[ResourceId, tuple[Verdict, ...]]:
    """Return the verdicts on each resource: holds, then actions, then advice.

    The first one decides whether it is in sync. Advice also counts next to a temporary
    hold or an action.
    """
    found: dict[ResourceId, tuple[Verdict, ...]] = {}
    verdicts: tuple[Verdict, ...] = (*plan.blocked, *plan.actions, *plan.advice)
    for verdict in verdicts:
        found[verdict.target] = (*found.get(verdict.target, ()), verdict)
    return found


def _findings(
    kind: Kind[Any, Any],
    resource: Resource[Any],
    observed: ObservedState,
    verdicts: tuple[Verdict, ...],
    outcome: Outcome | None,
) -> tuple[UndatedCondition, ...]:
    health = _health(kind, resource, observed)
    verdict = next((v for v in verdicts if not _is_warning(v)), None)
    synced, healthy = _synced(verdict, outcome), _healthy(health, verdict)
    return (
        _warned(_ready(synced, healthy), verdicts),
        synced,
        healthy,
        _reconciling(verdict, outcome, health),
        _stalled(verdicts, outcome, health),
        _suspended(resource, observed.taken_at),
        *_of_kind(kind, resource, observed),
    )


def _of_kind(
    kind: Kind[Any, Any], resource: Resource[Any], observed: ObservedState
) -> tuple[UndatedCondition, ...]:
    """Return the conditions that only this kind has; none if it was not observed."""
    match observed.of(resource.id):
        case Present(state):
            return kind.conditions(resource.spec, state)
        case _:
            return ()


def _is_warning(verdict: Verdict) -> bool:
    """Return True for advice about a resource that is in sync."""
    return isinstance(verdict, Advice) and verdict.reason in WARNINGS


def _synced(verdict: Verdict | None, outcome: Outcome | None) -> UndatedCondition:
    """Return the Synced condition: true if the declaration is applied."""
    type_ = ConditionType.SYNCED
    match verdict, outcome:
        case Blocked(_, Hold.UNKNOWN, message), _:
            return UndatedCondition(type_, Truth.UNKNOWN, Hold.UNKNOWN, message)
        case Action(), (Failed() as failed):
            return UndatedCondition(type_, Truth.FALSE, "ApplyFailed", failed.message)
        case Blocked(_, word, message) | Advice(_, word, message), _:
            return UndatedCondition(type_, Truth.FALSE, word, message)
        case (
            Action(),
            Skipped(message) | Progressing(_, message) | Waiting(_, message),
        ):
            return UndatedCondition(type_, Truth.FALSE, "Waiting", message)
        case Action() as action, _:
            message = _pending(action)
            return UndatedCondition(type_, Truth.FALSE, action.reason, message)
        case _:
            return UndatedCondition(type_, Truth.TRUE, "InSync", "In sync.")


def _pending(action: Action) -> str:
    """Return the action with its first fields, as in ``Update pending: task.cpu.``."""
    paths = [*dict.fromkeys(change.path for change in action.changes)]
    if not paths:
        return f"{action.verb.capitalize()} pending."
    named = ", ".join(paths[:_NAMED_FIELDS])
    rest = len(paths) - _NAMED_FIELDS
    more = f" and {counted(rest, 'more field')}" if rest > 0 else ""
    return f"{action.verb.capitalize()} pending: {named}{more}."


def _health(
    kind: Kind[Any, Any], resource: Resource[Any], observed: ObservedState
) -> Health | Unknown:
    """Return the health of the resource; unknown if it could not be observed."""
    match observed.of(resource.id):
        case Present(state):
            return kind.health(resource.spec, state)
        case Absent():
            return Health(HealthLevel.DEGRADED, "Missing", "Does not exist yet.")
        case Unknown() as unknown:
            return unknown


def _healthy(health: Health | Unknown, verdict: Verdict | None) -> UndatedCondition:
    """Return the Healthy condition; if unknown, with the dependencies it waits for."""
    type_ = ConditionType.HEALTHY
    match health, verdict:
        case Health(level, reason, message), _:
            truth = Truth.TRUE if level is HealthLevel.HEALTHY else Truth.FALSE
            return UndatedCondition(type_, truth, reason, message)
        case Unknown(), Blocked(_, Hold.UNKNOWN, message):
            return UndatedCondition(type_, Truth.UNKNOWN, "Unknown", message)
        case Unknown(reason), _:
            return UndatedCondition(type_, Truth.UNKNOWN, "Unknown", reason)


def _ready(synced: UndatedCondition, healthy: UndatedCondition) -> UndatedCondition:
    """Return the Ready condition, with the first reason if it is not true."""
    for part in (synced, healthy):
        if part.status is not Truth.TRUE:
            return UndatedCondition(
                ConditionType.READY, part.status, part.reason, part.message
            )
    return UndatedCondition(ConditionType.READY, Truth.TRUE, "Ready", healthy.message)


def _warned(ready: UndatedCondition, verdicts: tuple[Verdict, ...]) -> UndatedCondition:
    """Return ``ready`` with the first warning, if it is true.

    A warning stops nothing, so it is not a stall; the Ready condition shows it.
    """
    warnings = [v for v in verdicts if isinstance(v, Advice) and _is_warning(v)]
    if ready.status is not Truth.TRUE or not warnings:
        return ready
    rest = len(warnings) - 1
    more = f" {counted(rest, 'more warning')}." if rest else ""
    message = f"{ready.message} Warning: {warnings[0].message}{more}"
    return replace(ready, reason=warnings[0].reason, message=message)


def _reconciling(
    verdict: Verdict | None, outcome: Outcome | None, health: Health | Unknown
) -> UndatedCondition:
    """Return the Reconciling condition: true if an operation is in progress or next."""
    type_ = ConditionType.RECONCILING
    match verdict, outcome:
        case Blocked(_, hold, message), _ if hold in _TEMPORARY:
            return UndatedCondition(type_, Truth.TRUE, hold, message)
        case _, Progressing(_, message) | Waiting(_, message):
            return UndatedCondition(type_, Truth.TRUE, "Progressing", message)
        case Action() as action, _:
            message = _pending(action)
            return UndatedCondition(type_, Truth.TRUE, action.reason, message)
        case _:
            return _unattended(type_, health)


def _unattended(type_: ConditionType, health: Health | Unknown) -> UndatedCondition:
    """Return the Reconciling condition of a resource without an action of this pass."""
    match health:
        case Health(HealthLevel.PROGRESSING, reason, message):
            return UndatedCondition(type_, Truth.TRUE, reason, message)
        case _:
            return UndatedCondition(type_, Truth.FALSE, "Idle", "Nothing in progress.")


def _stalled(
    verdicts: tuple[Verdict, ...], outcome: Outcome | None, health: Health | Unknown
) -> UndatedCondition:
    """Return the Stalled condition: true if manual action is needed; holds first."""
    type_ = ConditionType.STALLED
    for verdict in verdicts:
        match verdict, outcome:
            case Blocked(_, hold, message), _ if hold not in _TEMPORARY:
                return UndatedCondition(type_, Truth.TRUE, hold, message)
            case Advice(_, reason, message), _ if not _is_warning(verdict):
                return UndatedCondition(type_, Truth.TRUE, reason, message)
            case Action(), (Failed(PermanentError()) as failed):
                return UndatedCondition(
                    type_, Truth.TRUE, "ApplyFailed", failed.message
                )
            case _:
                continue
    if isinstance(health, Health) and health.needs_user:
        return UndatedCondition(type_, Truth.TRUE, health.reason, health.message)
    return UndatedCondition(type_, Truth.FALSE, "NotStalled", "No action required.")


def _suspended(resource: Resource[Any], now: datetime) -> UndatedCondition:
    suspend = resource.suspend
    if suspend is not None and suspend.in_force(now):
        return UndatedCondition(
            ConditionType.SUSPENDED,
            Truth.TRUE,
            "Suspended",
            suspend.message,
        )
    return UndatedCondition(
        ConditionType.SUSPENDED, Truth.FALSE, "NotSuspended", "Not suspended."
    )


def _remembered(new: Condition, before: Conditions | None) -> Condition:
    """Return ``new`` with the earlier message about the same failure of the same spec."""
    old = (before or {}).get(new.type)
    if old is None or new.reason not in _FIRST_MESSAGE:
        return new
    same = (old.reason, old.observed_generation) == (
        new.reason,
        new.observed_generation,
    )
    first, _, _ = old.message.partition(MEANWHILE)
    again, mark, current = new.message.partition(MEANWHILE)
    if same and len(first) > len(again):
        return replace(new, message=f"{first}{mark}{current}")
    return new


def _dated(
    finding: UndatedCondition, resource: Resource[Any], now: datetime
) -> Condition:
    return Condition(
        finding.type,
        finding.status,
        finding.reason,
        finding.message,
        resource.generation,
        now,
    )
