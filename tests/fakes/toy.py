"""A minimal kind, for tests of laws that hold for all kinds."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from controller.core.document.resource import Resource, ResourceId
from controller.core.planning.pipeline import PlanningView, guarded, permitted
from controller.core.planning.preflight import Results
from controller.core.resources.kind import Health, HealthLevel, HoldReason, Kind
from controller.core.resources.observation import (
    Absent,
    ObservedState,
    Ownership,
    Present,
)
from controller.core.resources.plan import Change, Effect, Hold, Plan, Verb

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ToySpec:
    host: str = "a.internal"
    targets: frozenset[str] = frozenset({"10.0.0.1"})
    ttl: int = 60


@dataclass(frozen=True, slots=True)
class ToyState:
    host: str = "a.internal"
    targets: frozenset[str] = frozenset({"10.0.0.1"})
    ttl: int = 60
    broken: bool = False
    busy: bool = False
    rejected: bool = False


EFFECTS = {"host": Effect.REPLACE, "targets": Effect.RESTART, "ttl": Effect.IN_PLACE}


def compare(spec: ToySpec, state: ToyState) -> tuple[Change, ...]:
    return tuple(
        Change(path, getattr(state, path), getattr(spec, path), effect)
        for path, effect in EFFECTS.items()
        if getattr(state, path) != getattr(spec, path)
    )


def health(spec: ToySpec, state: ToyState) -> Health:
    if state.broken:
        return Health(HealthLevel.DEGRADED, "Broken", "It is broken.")
    return Health(HealthLevel.HEALTHY, "Healthy", "It works.")


def held(
    spec: ToySpec, state: ToyState, changes: tuple[Change, ...]
) -> HoldReason | None:
    if state.rejected and changes:
        return HoldReason(Hold.REVISION_REJECTED, "It was tried and did not work.")
    return HoldReason(Hold.ROLLOUT_IN_PROGRESS, "It is busy.") if state.busy else None


TOY: Kind[ToySpec, ToyState] = Kind(
    name="toy",
    section="toys",
    spec=ToySpec,
    compare=compare,
    health=health,
    hold_reason=held,
    immutable=frozenset({"host"}),
    advice_only=frozenset({"ttl"}),
    prune=True,
)
KINDS = {"toy": TOY}


def toy(name: str, spec: ToySpec | None = None, **meta) -> Resource[ToySpec]:
    """Return one declared toy."""
    return Resource(ResourceId("toy", name), spec or ToySpec(), "v1:g", **meta)


def declared(*resources: Resource[ToySpec]) -> dict[ResourceId, Resource[ToySpec]]:
    return {resource.id: resource for resource in resources}


def seen(**observations) -> ObservedState:
    """Return an observed state with the given observations by name."""
    return ObservedState(
        {ResourceId("toy", name): o for name, o in observations.items()}, NOON
    )


def applied(plan: Plan, observed: ObservedState) -> ObservedState:
    """Return the state after every action of the plan has succeeded."""
    world = dict(observed.observations)
    for action in plan.actions:
        match action.verb:
            case Verb.DELETE:
                world[action.target] = Absent()
            case Verb.UPDATE:
                fields = {c.path: c.after for c in action.changes if c.path in EFFECTS}
                state = replace(action.observed, **fields)
                world[action.target] = Present(state, Ownership.MANAGED)
            case _:
                want = action.desired
                world[action.target] = Present(
                    ToyState(want.host, want.targets, want.ttl)
                )
    return ObservedState(world, NOON)


def judged(found: Plan, view: PlanningView, results: Results) -> Plan:
    """Return what of ``found`` may be done now, as the reconciler asks for it."""
    return guarded(permitted(found, view), found, view, results)
