"""Planner: compare declared and observed state, and decide on actions."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from graphlib import TopologicalSorter
from typing import Any, TypeAlias

from controller.core.document.resource import Resource, ResourceId
from controller.core.resources.kind import HealthLevel, Kind
from controller.core.resources.observation import (
    Absent,
    Observation,
    ObservedState,
    Ownership,
    Present,
    Unknown,
)
from controller.core.resources.plan import (
    Action,
    Advice,
    Blocked,
    Change,
    Effect,
    Hold,
    Plan,
    Reason,
    Verb,
    Verdict,
)

DesiredState: TypeAlias = Mapping[ResourceId, Resource[Any]]
Kinds: TypeAlias = Mapping[str, Kind[Any, Any]]

ADOPTION = Change("ownership", Ownership.UNMANAGED, Ownership.MANAGED, Effect.COSMETIC)


def diff(desired: DesiredState, observed: ObservedState, kinds: Kinds) -> Plan:
    """Return the plan that takes ``observed`` to ``desired``.

    Dependencies come first. Deletions come last, so that a replacement exists before
    the old resource is deleted.
    """
    ready = {
        id_ for id_ in desired if is_ready(kinds[id_.kind], desired[id_], observed)
    }
    verdicts = [
        verdict
        for id_ in dependency_order(desired.values())
        for verdict in decide(
            kinds[id_.kind],
            desired[id_],
            observed.of(id_),
            observed.taken_at,
            tuple(sorted((desired[id_].depends_on & desired.keys()) - ready)),
        )
    ]
    verdicts += prune_verdicts(desired, observed, kinds)
    return plan_of(hold_dependents(verdicts, desired))


def hold_dependents(
    verdicts: Iterable[Verdict], desired: DesiredState
) -> Iterator[Verdict]:
    """Yield ``verdicts``, with disruptive actions on dependents of a rejected one held.

    The earlier revision of a rejected resource may still run and be healthy, so other
    actions continue. But running tasks are not replaced by a revision that was declared
    together with the rejected one.
    """
    verdicts = tuple(verdicts)
    rejected = {
        v.target
        for v in verdicts
        if isinstance(v, Blocked) and v.hold is Hold.REVISION_REJECTED
    }
    for verdict in verdicts:
        resource = desired.get(verdict.target)
        needs = sorted(resource.depends_on & rejected) if resource else []
        if needs and isinstance(verdict, Action) and verdict.disruptive:
            message = f"Waiting for {needs[0]}: its declared revision was rejected."
            hold = Hold.DEPENDENCY_NOT_READY
            yield Blocked(verdict.target, hold, message, verdict.changes)
        else:
            yield verdict


def plan_of(verdicts: Iterable[Verdict]) -> Plan:
    """Return the plan made of ``verdicts``, in their order."""
    verdicts = tuple(verdicts)
    return Plan(
        actions=tuple(v for v in verdicts if isinstance(v, Action)),
        advice=tuple(v for v in verdicts if isinstance(v, Advice)),
        blocked=tuple(v for v in verdicts if isinstance(v, Blocked)),
    )


def is_ready(
    kind: Kind[Any, Any], resource: Resource[Any], observed: ObservedState
) -> bool:
    """Return True if ``resource`` exists and is healthy, so that others may use it."""
    match observed.of(resource.id):
        case Present(state):
            return kind.health(resource.spec, state).level is HealthLevel.HEALTHY
        case _:
            return False


def decide(
    kind: Kind[Any, Any],
    resource: Resource[Any],
    observation: Observation,
    now: datetime,
    waits_for: tuple[ResourceId, ...],
) -> Iterator[Verdict]:
    """Yield the verdicts on one resource; none if it is in sync."""
    match observation:
        case Unknown(reason, temporary):
            message = _waiting(waits_for, reason) if waits_for else reason
            yield Blocked(resource.id, Hold.UNKNOWN, message, temporary=temporary)
        case Absent(expected_changes):
            yield Action(
                resource.id,
                Verb.CREATE,
                Reason.MISSING,
                expected_changes,
                desired=resource.spec,
                generation=resource.generation,
                waits_for=waits_for,
            )
        case Present(_, Ownership.FOREIGN):
            message = (
                "Managed by another controller: its tag hokusai.ai/managed-by names "
                "another owner."
            )
            yield Blocked(resource.id, Hold.OWNERSHIP_CONFLICT, message)
        case Present() as present:
            yield from decide_present(kind, resource, present, now, waits_for)


def _waiting(waits_for: tuple[ResourceId, ...], reason: str) -> str:
    """Return the message about a resource that a missing dependency keeps unread."""
    names = ", ".join(map(str, waits_for))
    return f"Waits for {names}. Last result: {reason.rstrip('.')}."


def decide_present(
    kind: Kind[Any, Any],
    resource: Resource[Any],
    present: Present[Any],
    now: datetime,
    waits_for: tuple[ResourceId, ...],
) -> Iterator[Verdict]:
    """Yield the verdicts on an existing resource."""
    changes = tuple(
        change
        for change in kind.compare(resource.spec, present.state)
        if not any(ignored.covers(change.path, now) for ignored in resource.ignore)
    )
    if present.ownership is Ownership.UNMANAGED:
        if not resource.adopt:
            message = (
                "Exists, but is not managed by this controller: declare `adopt: true` "
                "to manage it."
            )
            yield Advice(resource.id, Reason.NOT_MANAGED, message, changes)
            return
        changes = (ADOPTION, *changes)
    held = kind.hold_reason(resource.spec, present.state, changes)
    if held is not None:
        yield Blocked(resource.id, held.hold, held.message, changes)
        return
    yield from finding_advice(kind, resource, present, now)
    if not changes:
        changes = tuple(stale_stamp(resource, present))
    yield from change_verdicts(kind, resource, present, changes, waits_for)


def finding_advice(
    kind: Kind[Any, Any], resource: Resource[Any], present: Present[Any], now: datetime
) -> Iterator[Advice]:
    """Yield the findings of the kind that need manual action."""
    for finding in kind.findings(resource.spec, present.state):
        if not any(ignored.covers(finding.path, now) for ignored in resource.ignore):
            yield Advice(
                resource.id, finding.reason, finding.message, command=finding.command
            )


def stale_stamp(resource: Resource[Any], present: Present[Any]) -> Iterator[Change]:
    """Yield the change of a stamp that is older than the applied declaration.

    The stamp is written last. A process that ended just before leaves the old one, and
    the next drift would be attributed to the document.
    """
    if present.applied is not None and present.applied != resource.generation:
        before, after = present.applied, resource.generation
        yield Change("applied", before, after, Effect.COSMETIC)


def change_verdicts(
    kind: Kind[Any, Any],
    resource: Resource[Any],
    present: Present[Any],
    changes: tuple[Change, ...],
    waits_for: tuple[ResourceId, ...],
) -> Iterator[Verdict]:
    """Yield an action for ``changes``, and advice for the advice-only ones."""
    actionable = tuple(c for c in changes if c.path not in kind.advice_only)
    manual = tuple(c for c in changes if c.path in kind.advice_only)
    if actionable:
        replace = any(c.path in kind.immutable for c in actionable)
        yield Action(
            resource.id,
            Verb.REPLACE if replace else kind.repair,
            Reason.IMMUTABLE_FIELD_CHANGED
            if replace
            else change_reason(kind, resource, present),
            actionable,
            resource.spec,
            present.state,
            resource.generation,
            waits_for,
        )
    if manual:
        message = "Manual action required: the controller does not change these fields."
        yield Advice(resource.id, Reason.DRIFTED, message, manual)


def change_reason(
    kind: Kind[Any, Any], resource: Resource[Any], present: Present[Any]
) -> Reason:
    """Return the reason: document changed, live state drifted, or news to announce."""
    if kind.repair is Verb.ANNOUNCE:
        return Reason.ANNOUNCEMENT_PENDING
    if present.applied is not None and present.applied != resource.generation:
        return Reason.CHANGED
    return Reason.DRIFTED


def prune_verdicts(
    desired: DesiredState, observed: ObservedState, kinds: Kinds
) -> Iterator[Verdict]:
    """Yield the verdicts on managed resources that are no longer declared."""
    for id_ in sorted(observed.observations, reverse=True):
        if id_ in desired:
            continue
        match observed.of(id_):
            case Present(state, Ownership.MANAGED) if kinds[id_.kind].prune:
                reason = Reason.NO_LONGER_DECLARED
                changes = kinds[id_.kind].deletion_changes(state)
                yield Action(id_, Verb.DELETE, reason, changes, observed=state)
            case Present(_, Ownership.MANAGED):
                message = "No longer declared. It is kept because it holds data."
                yield Advice(id_, Reason.NO_LONGER_DECLARED, message)
            case _:
                continue


def dependency_order(resources: Iterable[Resource[Any]]) -> tuple[ResourceId, ...]:
    """Return the ids such that each follows what it depends on; ties by name.

    Raises:
        graphlib.CycleError: the dependencies form a cycle.
    """
    graph = {r.id: r.depends_on for r in sorted(resources, key=lambda r: r.id)}
    declared = graph.keys()
    sorter = TopologicalSorter({id_: deps & declared for id_, deps in graph.items()})
    sorter.prepare()
    order: list[ResourceId] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        order.extend(ready)
        sorter.done(*ready)
    return tuple(order)
