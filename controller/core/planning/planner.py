"""``diff``: compare what should be with what was seen, and decide what to do."""

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

ADOPTION = Change("ownership", Ownership.NOBODYS, Ownership.OURS, Effect.COSMETIC)


def diff(desired: DesiredState, observed: ObservedState, kinds: Kinds) -> Plan:
    """Return the plan that takes ``observed`` to ``desired``.

    What others depend on comes first. Deletions come last, so that whatever
    takes over is there before the old one goes.
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
    verdicts += prunes(desired, observed, kinds)
    return plan_of(gated(verdicts, desired))


def gated(verdicts: Iterable[Verdict], desired: DesiredState) -> Iterator[Verdict]:
    """Yield ``verdicts``, with what is built on something rejected held back.

    What was rejected may serve in its old form, and do well: nothing else stops. But
    what runs is not replaced by what was declared together with the new form.
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
            message = f"It waits for {needs[0]}, whose declaration was rejected."
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
    """Whether others may build on ``resource``: it is there and does well."""
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
    """Yield what to do about one resource; nothing, if it is in sync."""
    match observation:
        case Unknown(reason, passing):
            yield Blocked(resource.id, Hold.UNKNOWN, reason, passing=passing)
        case Absent(foreseen):
            yield Action(
                resource.id,
                Verb.CREATE,
                Reason.MISSING,
                foreseen,
                desired=resource.spec,
                generation=resource.generation,
                waits_for=waits_for,
            )
        case Present(_, Ownership.ANOTHERS):
            message = "It carries another controller's tag; two would fight over it."
            yield Blocked(resource.id, Hold.OWNERSHIP_CONFLICT, message)
        case Present() as present:
            yield from settle(kind, resource, present, now, waits_for)


def settle(
    kind: Kind[Any, Any],
    resource: Resource[Any],
    present: Present[Any],
    now: datetime,
    waits_for: tuple[ResourceId, ...],
) -> Iterator[Verdict]:
    """Yield how to settle the differences of something that is there."""
    changes = tuple(
        change
        for change in kind.compare(resource.spec, present.state)
        if not any(ignored.covers(change.path, now) for ignored in resource.ignore)
    )
    if present.ownership is Ownership.NOBODYS:
        if not resource.adopt:
            message = (
                "It exists without our tag; declare `adopt: true` to take it over."
            )
            yield Advice(resource.id, Reason.NOT_MANAGED, message, changes)
            return
        changes = (ADOPTION, *changes)
    held = kind.hold_reason(resource.spec, present.state, changes)
    if held is not None:
        yield Blocked(resource.id, held.hold, held.message, changes)
        return
    yield from found(kind, resource, present, now)
    if not changes:
        changes = tuple(stale_stamp(resource, present))
    yield from repairs(kind, resource, present, changes, waits_for)


def found(
    kind: Kind[Any, Any], resource: Resource[Any], present: Present[Any], now: datetime
) -> Iterator[Advice]:
    """Yield what its kind finds amiss and leaves to a person."""
    for finding in kind.findings(resource.spec, present.state):
        if not any(ignored.covers(finding.path, now) for ignored in resource.ignore):
            yield Advice(
                resource.id, finding.reason, finding.message, command=finding.command
            )


def stale_stamp(resource: Resource[Any], present: Present[Any]) -> Iterator[Change]:
    """Yield the stamp of what is as declared and does not say so.

    The stamp is written last: whoever died just before leaves the old one, and the
    next difference would be taken for a change of the document.
    """
    if present.applied is not None and present.applied != resource.generation:
        before, after = present.applied, resource.generation
        yield Change("applied", before, after, Effect.COSMETIC)


def repairs(
    kind: Kind[Any, Any],
    resource: Resource[Any],
    present: Present[Any],
    changes: tuple[Change, ...],
    waits_for: tuple[ResourceId, ...],
) -> Iterator[Verdict]:
    """Yield how to settle ``changes``: what is ours to change, and what is not."""
    ours = tuple(c for c in changes if c.path not in kind.advice_only)
    theirs = tuple(c for c in changes if c.path in kind.advice_only)
    if ours:
        replace = any(c.path in kind.immutable for c in ours)
        yield Action(
            resource.id,
            Verb.REPLACE if replace else kind.repair,
            Reason.IMMUTABLE_FIELD_CHANGED if replace else why(kind, resource, present),
            ours,
            resource.spec,
            present.state,
            resource.generation,
            waits_for,
        )
    if theirs:
        message = "Only a person may change this."
        yield Advice(resource.id, Reason.DRIFTED, message, theirs)


def why(kind: Kind[Any, Any], resource: Resource[Any], present: Present[Any]) -> Reason:
    """Return whether the document moved, or the world, or there is news."""
    if kind.repair is Verb.ANNOUNCE:
        return Reason.ANNOUNCEMENT_PENDING
    if present.applied is not None and present.applied != resource.generation:
        return Reason.CHANGED
    return Reason.DRIFTED


def prunes(
    desired: DesiredState, observed: ObservedState, kinds: Kinds
) -> Iterator[Verdict]:
    """Yield what to do about all that we own, see, and no longer declare."""
    for id_ in sorted(observed.observations, reverse=True):
        if id_ in desired:
            continue
        match observed.of(id_):
            case Present(state, Ownership.OURS) if kinds[id_.kind].prune:
                reason = Reason.NO_LONGER_DECLARED
                changes = kinds[id_.kind].deletion_changes(state)
                yield Action(id_, Verb.DELETE, reason, changes, observed=state)
            case Present(_, Ownership.OURS):
                message = (
                    "It is ours and no longer declared; it holds data, so it stays."
                )
                yield Advice(id_, Reason.NO_LONGER_DECLARED, message)
            case _:
                continue


def dependency_order(resources: Iterable[Resource[Any]]) -> tuple[ResourceId, ...]:
    """Return the ids such that each follows what it depends on; ties by name.

    Raises:
        graphlib.CycleError: the dependencies go in a circle.
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
