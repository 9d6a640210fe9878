"""Who moved, field by field: the world, the document, or both.

Three values tell: what was applied last, what is declared, and what is there. Without
the first the plan is right all the same; it only says less.
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

Last: TypeAlias = Mapping[ResourceId, Any]
_MOVED = (Reason.DRIFTED, Reason.CHANGED)


def written(generation: str, spec: Any) -> str:
    """Return what was applied as the text of a note."""
    plain = TypeAdapter(type(spec)).dump_python(spec, mode="json")
    return json.dumps({"generation": generation, "spec": plain}, sort_keys=True)


def read(text: str, kind: Kind[Any, Any]) -> Any:
    """Return the spec in a note; None if a version before wrote it otherwise."""
    try:
        return TypeAdapter(kind.spec).validate_python(json.loads(text)["spec"])
    except (ValidationError, ValueError, KeyError, TypeError):
        return None


def attributed(
    plan: Plan, observed: ObservedState, kinds: Mapping[str, Kind[Any, Any]], last: Last
) -> Plan:
    """Return ``plan`` with the cause of each change, where ``last`` can tell it.

    Args:
        plan: What differs.
        observed: What was seen.
        kinds: All kinds, by name.
        last: What was applied last, by resource.
    """

    def told(verdict: Any) -> Any:
        return _told(verdict, observed, kinds, last)

    return Plan(
        tuple(map(told, plan.actions)),
        tuple(map(told, plan.advice)),
        tuple(map(told, plan.blocked)),
    )


def _told(
    verdict: Verdict,
    observed: ObservedState,
    kinds: Mapping[str, Kind[Any, Any]],
    last: Last,
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
    """Return who moved one field.

    Args:
        change: How it differs from what is declared.
        drift: How it differs from what was applied; None if it does not.
    """
    if change.effect is Effect.COSMETIC:
        return None
    if drift is None:
        return Reason.CHANGED
    return Reason.DRIFTED if drift.after == change.after else Reason.CONFLICT


def _reason(changes: Iterable[Change]) -> Reason:
    """Return who moved a resource; its stamp alone says that the document did."""
    causes = {change.cause for change in changes}
    if Reason.CONFLICT in causes:
        return Reason.CONFLICT
    return Reason.DRIFTED if causes == {Reason.DRIFTED} else Reason.CHANGED
