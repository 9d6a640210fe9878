"""Cause of each difference: drift of the live state, change of the document, or both.

The cause follows from a three-way comparison of the last applied, the declared and the
live value. Without the last applied one the plan is still right, but has no causes.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from pydantic import TypeAdapter, ValidationError

from controller.core.document.resource import ResourceId
from controller.core.resources.kind import Kind
from controller.core.resources.observation import ObservedState, Present
from controller.core.resources.plan import Action, Change, Effect, Plan, Reason, Verdict

LastApplied: TypeAlias = Mapping[ResourceId, Any]
_MOVED = (Reason.DRIFTED, Reason.CHANGED)


def note_text(generation: str, spec: Any) -> str:
    """Return the note that records an applied spec."""
    plain = TypeAdapter(type(spec)).dump_python(spec, mode="json")
    return json.dumps({"generation": generation, "spec": plain}, sort_keys=True)


def spec_of_note(text: str, kind: Kind[Any, Any]) -> Any:
    """Return the spec in a note; None if an earlier version wrote another format."""
    try:
        return TypeAdapter(kind.spec).validate_python(json.loads(text)["spec"])
    except (ValidationError, ValueError, KeyError, TypeError):
        return None


def with_causes(
    plan: Plan,
    observed: ObservedState,
    kinds: Mapping[str, Kind[Any, Any]],
    last: LastApplied,
) -> Plan:
    """Return ``plan`` with the cause of each change of a resource in ``last``.

    Args:
        plan: Differences.
        observed: Observed state.
        kinds: All kinds, by name.
        last: Last applied specs, by resource.
    """

    def with_cause(verdict: Any) -> Any:
        return _with_cause(verdict, observed, kinds, last)

    return Plan(
        tuple(map(with_cause, plan.actions)),
        tuple(map(with_cause, plan.advice)),
        tuple(map(with_cause, plan.blocked)),
    )


def _with_cause(
    verdict: Verdict,
    observed: ObservedState,
    kinds: Mapping[str, Kind[Any, Any]],
    last: LastApplied,
) -> Verdict:
    spec, seen = last.get(verdict.target), observed.of(verdict.target)
    if not verdict.changes or spec is None or not isinstance(seen, Present):
        return verdict
    drift = {c.path: c for c in kinds[verdict.target.kind].compare(spec, seen.state)}
    changes = tuple(
        replace(change, cause=_cause(change, drift.get(change.path)))
        for change in verdict.changes
    )
    if isinstance(verdict, Action) and verdict.reason in _MOVED:
        return replace(verdict, changes=changes, reason=_reason(changes))
    return replace(verdict, changes=changes)


def _cause(change: Change, drift: Change | None) -> Reason | None:
    """Return the cause of the difference of one field.

    Args:
        change: Difference from the declared value.
        drift: Difference from the last applied value; None if there is none.
    """
    if change.effect is Effect.COSMETIC:
        return None
    if drift is None:
        return Reason.CHANGED
    return Reason.DRIFTED if drift.after == change.after else Reason.CONFLICT


def _reason(changes: Iterable[Change]) -> Reason:
    """Return the cause for a resource; if only its stamp differs, the document changed."""
    causes = {change.cause for change in changes}
    if Reason.CONFLICT in causes:
        return Reason.CONFLICT
    return Reason.DRIFTED if causes == {Reason.DRIFTED} else Reason.CHANGED
