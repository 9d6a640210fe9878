"""Health of a model: declared versions and aliases that can be resolved."""

from collections.abc import Iterator
from dataclasses import replace

from controller.core.models.gates import APPROVAL
from controller.core.models.registration import (
    BASELINE_TAG,
    METRIC_TAG,
    VALUE_TAG,
    best_run,
    newest_version,
)
from controller.core.resources.condition import Truth, UndatedCondition
from controller.core.resources.kind import (
    HEALTHY,
    Finding,
    Health,
    HealthLevel,
    HoldReason,
)
from controller.core.resources.plan import Change, Hold, Reason
from controller.core.values.counts import counted
from controller.kinds.model.alias_policy import AliasPolicy, choice_of
from controller.kinds.model.promotion import AliasDecision, alias_decisions
from controller.kinds.model.spec import ModelSpec, Selection
from controller.kinds.model.state import ModelState
from controller.kinds.model.versions import measured, requested_version, selection_limit

# Rejected versions that a message names before it only counts them.
_SHOWN = 3


def conditions(spec: ModelSpec, state: ModelState) -> tuple[UndatedCondition, ...]:
    """Return the conditions Measured and, if an alias has gates or is held, Promoted."""
    return (_measured(spec, state), *_promotions(spec, state))


def _promotions(spec: ModelSpec, state: ModelState) -> tuple[UndatedCondition, ...]:
    """Return the Promoted condition: false if one alias is kept from a newer version."""
    found = [
        _promoted(decision)
        for decision in alias_decisions(spec, state)
        if decision.hold or isinstance(spec.aliases[decision.alias], AliasPolicy)
    ]
    if not found:
        return ()
    kept = [one for one in found if one.status is Truth.FALSE] or found
    message = " ".join(one.message for one in kept)
    return (replace(kept[0], message=message),)


def _measured(spec: ModelSpec, state: ModelState) -> UndatedCondition:
    """Return the Measured condition: the newest version has a baseline and a value."""
    newest = newest_version(state.versions)
    if newest is None:
        message = "There is no version yet."
        return UndatedCondition("Measured", Truth.UNKNOWN, "NoVersion", message)
    found = measured(spec, state, newest)
    if found.benchmark is None:
        message = (
            f"Version {newest.number} has no baseline: declare `benchmark`, or set its "
            f"tags {METRIC_TAG} and {BASELINE_TAG}."
        )
    elif found.value is None:
        message = (
            f"Version {newest.number} has no value of {found.benchmark.metric}: log it "
            f"in its run, or set its tag {VALUE_TAG}."
        )
    else:
        name, baseline = found.benchmark.metric, found.benchmark.baseline
        message = (
            f"Version {newest.number}: {name} {found.value:g}, baseline {baseline:g}."
        )
        return UndatedCondition("Measured", Truth.TRUE, "Measured", message)
    return UndatedCondition("Measured", Truth.FALSE, "MetricsMissing", message)


def health(spec: ModelSpec, state: ModelState) -> Health:
    """Return healthy if each declared version and alias can be resolved."""
    missing = next(_unresolved(spec, state), None)
    if missing is not None:
        return Health(HealthLevel.DEGRADED, missing.hold, missing.message)
    return HEALTHY


def hold_reason(
    spec: ModelSpec, state: ModelState, changes: tuple[Change, ...]
) -> HoldReason | None:
    """Return a hold if nothing else differs and a version or alias is unresolved."""
    return None if changes else next(_unresolved(spec, state), None)


def findings(spec: ModelSpec, state: ModelState) -> tuple[Finding, ...]:
    """Return the aliases that a gate or a rollback keeps from a newer version."""
    decisions = alias_decisions(spec, state)
    return tuple(
        finding
        for decision in decisions
        if decision.target is not None
        if (finding := _finding(spec, decision)) is not None
    )


def _finding(spec: ModelSpec, decision: AliasDecision) -> Finding | None:
    path = f"promotion.{decision.alias}"
    if decision.hold is not None:
        command = (
            f"hokusai rollback model/{spec.key} --alias {decision.alias} --undo "
            "--reason TEXT"
        )
        return Finding(path, Reason.ROLLED_BACK, _held(decision), command)
    unapproved = _approval_pending(decision)
    if unapproved is not None:
        command = f"hokusai approve model/{spec.key} {unapproved} --reason TEXT"
        message = _stays(decision)
        return Finding(path, Reason.APPROVAL_REQUIRED, message, command)
    if decision.rejected:
        return Finding(path, Reason.GATE_FAILED, _stays(decision))
    return None


def _promoted(decision: AliasDecision) -> UndatedCondition:
    """Return the Promoted condition of one alias."""
    reason, message = "Promoted", f"Alias {decision.alias}: version {decision.target}."
    if decision.hold is not None:
        reason, message = Reason.ROLLED_BACK, _held(decision)
    elif _approval_pending(decision) is not None:
        reason, message = Reason.APPROVAL_REQUIRED, _stays(decision)
    elif decision.rejected or decision.target is None:
        reason, message = Reason.GATE_FAILED, _stays(decision)
    truth = Truth.TRUE if reason == "Promoted" else Truth.FALSE
    return UndatedCondition("Promoted", truth, reason, message)


def _approval_pending(decision: AliasDecision) -> int | None:
    """Return the newest version for which only an approval is missing, or None."""
    waiting = [
        version.number
        for version in (*decision.rejected, decision.unapproved)
        if version is not None
        and all(result.name == APPROVAL for result in version.failed)
    ]
    return waiting[0] if waiting else None


def _stays(decision: AliasDecision) -> str:
    """Return the message about an alias with its rejected versions."""
    state = (
        "is not set"
        if decision.target is None
        else f"stays at version {decision.target}"
    )
    rejected = (*decision.rejected, decision.unapproved)
    found = [str(version) for version in rejected if version is not None]
    rest = len(found) - _SHOWN
    more = f". {counted(rest, 'older version')} also fail" if rest > 0 else ""
    reasons = ". ".join(text[:1].upper() + text[1:] for text in found[:_SHOWN])
    detail = f"{reasons}{more}" if found else "There is no version to promote"
    return f"Alias {decision.alias} {state}. {detail}."


def _held(decision: AliasDecision) -> str:
    """Return the message about an alias that a rollback holds."""
    hold = decision.hold
    if hold is None:
        return ""
    return (
        f"Alias {decision.alias} was rolled back to version {hold.version} by "
        f"{hold.held_by or 'an unknown user'}. It stays there until its entry in the "
        "document changes."
    )


def _unresolved(spec: ModelSpec, state: ModelState) -> Iterator[HoldReason]:
    """Yield a hold for each version and alias that cannot be resolved."""
    for version in spec.versions:
        if (
            version.select is not None
            and requested_version(spec, version, state) is None
        ):
            message = _nothing_selected(spec, version.select, state)
            yield HoldReason(Hold.NO_MATCHING_RUN, message)
    for decision in alias_decisions(spec, state):
        if decision.target is None:
            yield _unset(spec, decision)


def _unset(spec: ModelSpec, decision: AliasDecision) -> HoldReason:
    """Return the hold of an alias that no version matches."""
    alias, target = decision.alias, spec.aliases[decision.alias]
    if decision.hold is not None:
        message = (
            f"{_held(decision)} That version no longer exists: end the rollback with "
            f"`hokusai rollback model/{spec.key} --alias {alias} --undo --reason TEXT`."
        )
        return HoldReason(Hold.NO_MATCHING_RUN, message)
    waiting = _approval_pending(decision)
    if waiting is not None:
        command = f"hokusai approve model/{spec.key} {waiting} --reason TEXT"
        message = f"{_stays(decision)} To approve it, run `{command}`."
        return HoldReason(Hold.APPROVAL_REQUIRED, message)
    if decision.rejected:
        return HoldReason(Hold.GATE_FAILED, _stays(decision))
    message = f"Alias {alias}: no version matches {choice_of(target)}."
    return HoldReason(Hold.NO_MATCHING_RUN, message)


def _nothing_selected(spec: ModelSpec, select: Selection, state: ModelState) -> str:
    limit = selection_limit(spec, select, state)
    bound = "" if limit is None else f" of {limit:g} or better"
    runs = state.runs.get(select.experiment, ())
    best = best_run(runs, select.metric, select.mode, None)
    seen = f"; the best is {best.metrics[select.metric]:g}" if best else ""
    return (
        f"No finished run of experiment/{select.experiment} has a logged model "
        f"and {select.metric}{bound}{seen}."
    )
