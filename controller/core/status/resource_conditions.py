"""``conclude``: what to tell about each resource after a pass.

Ready is never a hope: it is said only of what was seen, as declared and well.
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
    merged,
)
from controller.core.resources.driver import (
    Failed,
    Outcome,
    Progressing,
    Skipped,
    Waiting,
)
from controller.core.resources.kind import Health, HealthLevel, Kind
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

# Holds that end by themselves; the others wait for a person.
_PASSING = frozenset(
    {
        Hold.DEPENDENCY_NOT_READY,
        Hold.NO_MATCHING_RUN,
        Hold.ROLLOUT_IN_PROGRESS,
        Hold.DISRUPTION_BUDGET_EXCEEDED,
        Hold.UNKNOWN,
        Hold.RESOLUTION_FAILED,
        Hold.CHANGE_FREEZE,
        Hold.SELF_UPDATE_DEFERRED,
        Hold.RESTARTED_RECENTLY,
    }
)


# What a person should know of, beside a resource that is as declared.
WARNINGS = frozenset({Reason.PREFLIGHT_WARNING, Reason.TASKS_OUTDATED})
# Their story is told best while it is fresh: backends forget what a task said last.
_TOLD_ONCE = frozenset({Hold.REVISION_REJECTED.value, "RolloutFailed"})


def conclude(
    desired: DesiredState,
    observed: ObservedState,
    plan: Plan,
    outcomes: Mapping[ResourceId, Outcome],
    kinds: Kinds,
    before: Mapping[ResourceId, Conditions],
) -> dict[ResourceId, dict[str, Condition]]:
    """Return the conditions of every declared resource.

    Args:
        desired: What is declared.
        observed: What was seen after the actions, if there were any.
        plan: What is left to do, given ``observed``.
        outcomes: What came of the actions of this pass.
        kinds: All kinds, by name.
        before: The conditions concluded last, for "since when".
    """
    verdicts = _by_target(plan)
    return {
        id_: merged(
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
    """Return the verdicts on each resource: what holds it back, what is done, advice.

    The first says whether it is as declared. A person hears of the advice too: it
    stands beside a hold that passes by itself, or an action.
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
    synced, healthy = _synced(verdict, outcome), _healthy(health)
    return (
        _warned(_ready(synced, healthy), verdicts),
        synced,
        healthy,
        _reconciling(verdict, outcome, health),
        _stalled(verdicts, outcome),
        _suspended(resource, observed.taken_at),
        *_of_kind(kind, resource, observed),
    )


def _of_kind(
    kind: Kind[Any, Any], resource: Resource[Any], observed: ObservedState
) -> tuple[UndatedCondition, ...]:
    """Return the conditions that only this kind has; none of what was not seen."""
    match observed.of(resource.id):
        case Present(state):
            return kind.conditions(resource.spec, state)
        case _:
            return ()


def _is_warning(verdict: Verdict) -> bool:
    """Whether a person should know, and the resource is as declared all the same."""
    return isinstance(verdict, Advice) and verdict.reason in WARNINGS


def _synced(verdict: Verdict | None, outcome: Outcome | None) -> UndatedCondition:
    """Return whether the declaration is applied."""
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
        case Action(_, verb, reason), _:
            return UndatedCondition(type_, Truth.FALSE, reason, f"Will {verb} it.")
        case _:
            return UndatedCondition(type_, Truth.TRUE, "InSync", "It is as declared.")


def _health(
    kind: Kind[Any, Any], resource: Resource[Any], observed: ObservedState
) -> Health | Unknown:
    """Return how well the resource does, or that nobody knows."""
    match observed.of(resource.id):
        case Present(state):
            return kind.health(resource.spec, state)
        case Absent():
            return Health(HealthLevel.DEGRADED, "Missing", "It does not exist yet.")
        case Unknown() as unknown:
            return unknown


def _healthy(health: Health | Unknown) -> UndatedCondition:
    type_ = ConditionType.HEALTHY
    match health:
        case Health(level, reason, message):
            truth = Truth.TRUE if level is HealthLevel.HEALTHY else Truth.FALSE
            return UndatedCondition(type_, truth, reason, message)
        case Unknown(reason):
            return UndatedCondition(type_, Truth.UNKNOWN, "Unknown", reason)


def _ready(synced: UndatedCondition, healthy: UndatedCondition) -> UndatedCondition:
    """Return whether others may build on it, with the first reason why not."""
    for part in (synced, healthy):
        if part.status is not Truth.TRUE:
            return UndatedCondition(
                ConditionType.READY, part.status, part.reason, part.message
            )
    return UndatedCondition(ConditionType.READY, Truth.TRUE, "Ready", healthy.message)


def _warned(ready: UndatedCondition, verdicts: tuple[Verdict, ...]) -> UndatedCondition:
    """Return ``ready`` with what a person should know of, if nothing else is amiss.

    A warning stops nothing, so it is no stall: it stands where everybody looks.
    """
    warnings = [v for v in verdicts if isinstance(v, Advice) and _is_warning(v)]
    if ready.status is not Truth.TRUE or not warnings:
        return ready
    more = f" And {len(warnings) - 1} more." if warnings[1:] else ""
    message = f"{ready.message} Warning: {warnings[0].message}{more}"
    return replace(ready, reason=warnings[0].reason, message=message)


def _reconciling(
    verdict: Verdict | None, outcome: Outcome | None, health: Health | Unknown
) -> UndatedCondition:
    """Return whether something is under way, or about to be."""
    type_ = ConditionType.RECONCILING
    match verdict, outcome:
        case Blocked(_, hold, message), _ if hold in _PASSING:
            return UndatedCondition(type_, Truth.TRUE, hold, message)
        case _, Progressing(_, message) | Waiting(_, message):
            return UndatedCondition(type_, Truth.TRUE, "Progressing", message)
        case Action(_, verb, reason), _:
            return UndatedCondition(type_, Truth.TRUE, reason, f"Will {verb} it.")
        case _:
            return _unattended(type_, health)


def _unattended(type_: ConditionType, health: Health | Unknown) -> UndatedCondition:
    """Return whether something is under way that we did not just start."""
    match health:
        case Health(HealthLevel.PROGRESSING, reason, message):
            return UndatedCondition(type_, Truth.TRUE, reason, message)
        case _:
            return UndatedCondition(type_, Truth.FALSE, "Idle", "Nothing is under way.")


def _stalled(
    verdicts: tuple[Verdict, ...], outcome: Outcome | None
) -> UndatedCondition:
    """Return whether something waits for a person; what holds all back comes first."""
    type_ = ConditionType.STALLED
    for verdict in verdicts:
        match verdict, outcome:
            case Blocked(_, hold, message), _ if hold not in _PASSING:
                return UndatedCondition(type_, Truth.TRUE, hold, message)
            case Advice(_, reason, message), _ if not _is_warning(verdict):
                return UndatedCondition(type_, Truth.TRUE, reason, message)
            case Action(), (Failed(PermanentError()) as failed):
                return UndatedCondition(
                    type_, Truth.TRUE, "ApplyFailed", failed.message
                )
            case _:
                continue
    return UndatedCondition(type_, Truth.FALSE, "NotStalled", "Nothing needs a person.")


def _suspended(resource: Resource[Any], now: datetime) -> UndatedCondition:
    suspend = resource.suspend
    if suspend is not None and suspend.in_force(now):
        return UndatedCondition(
            ConditionType.SUSPENDED,
            Truth.TRUE,
            "Suspended",
            suspend.told,
        )
    return UndatedCondition(
        ConditionType.SUSPENDED, Truth.FALSE, "NotSuspended", "It is not suspended."
    )


def _remembered(new: Condition, before: Conditions | None) -> Condition:
    """Return ``new`` with what was known of the same failure of the same spec."""
    old = (before or {}).get(new.type)
    if old is None or new.reason not in _TOLD_ONCE:
        return new
    same = (old.reason, old.observed_generation) == (
        new.reason,
        new.observed_generation,
    )
    if same and len(old.message) > len(new.message):
        return replace(new, message=old.message)
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
