"""Let a pass happen and write down what was to be seen of it."""

from collections import Counter
from collections.abc import Iterator

from controller.core.document.resource import ResourceId
from controller.core.resources.condition import ConditionType, Truth
from controller.core.resources.observation import Unknown
from controller.core.resources.plan import Hold, Plan, Verb
from controller.engine.reconciler import PassResult
from tests.fakes.sim_faults import FaultKind
from tests.faults.outcome import Run, Said, Seen, unmarked
from tests.faults.truth import (
    ambiguous_events,
    audit_problems,
    existing,
    ready_ids,
    too_early,
    working_needs,
)
from tests.faults.world import CANARY, World

_BLINDING = frozenset(
    {
        FaultKind.STALE_READ,
        FaultKind.TORN_PAGE,
        FaultKind.HOSTILE_EDIT,
        FaultKind.EMPTY_DOCUMENT,
        FaultKind.BROKEN_DOCUMENT,
        FaultKind.PAUSED_LEADER,
        FaultKind.EQUAL_NAMES,
    }
)


def watched(world: World, run: Run) -> PassResult | None:
    """Do one pass and write down what was to be seen of it."""
    before, struck = len(world.wire.trace), len(world.wire.struck)
    world.minute()
    there, working = existing(world), working_needs(world)
    result = world.act()
    kinds = {fault.kind for fault, _ in world.wire.struck[struck:]}
    run.hit = bool(kinds) or _misled(world)
    calls = Counter(call.operation for call in world.wire.trace[before:])
    touched: tuple[str, ...] = ()
    ready: frozenset[ResourceId] = frozenset()
    blinded = bool(kinds & _BLINDING) or _misled(world) or world.wire.landed
    forbidden: list[str] = []
    if result is not None:
        world.show(result)
    if result is not None and world.controller is not None:
        controller = world.controller
        seen = controller.observer.seen[0] if controller.observer.seen else None
        touched = tuple(
            str(action.target)
            for action in controller.executor.asked
            if seen is not None
            and isinstance(seen.observations.get(action.target), Unknown)
        )
        if not blinded:
            forbidden = [
                f"{action.target} was to be made and is there"
                for action in controller.executor.asked
                if action.verb is Verb.CREATE and action.target in there
            ]
            forbidden += too_early(world, result, working)
        ready = frozenset(
            id_
            for id_, conditions in result.statuses.items()
            if conditions[ConditionType.READY].status is Truth.TRUE
        )
    run.passes.append(
        Seen(
            planned=Said.of(result.plan) if result else None,
            unseen=_unseen(result.left) if result else (),
            ready=ready,
            true=frozenset(ready_ids(world)) if ready else frozenset(),
            touched_unknown=touched,
            writes=world.wire.writes,
            calls=calls,
            forbidden=tuple(forbidden),
            blinded=blinded,
            converged=bool(result and result.converged),
            unmarked=unmarked(world),
        )
    )
    return result


def _unseen(left: Plan) -> tuple[str, ...]:
    return tuple(b.message for b in left.blocked if b.hold is Hold.UNKNOWN)


def _misled(world: World) -> bool:
    """Whether this pass read another document than the one that counts."""
    return world.misread_in == world.passes and world.passes > 0


def noted(world: World, run: Run) -> None:
    """Write down what was seen on the way, so far."""
    run.struck = list(world.wire.struck)
    run.problems = [
        *world.aws.ecs.wrongs,
        *world.raced,
        *ambiguous_events(world),
        *audit_problems(world),
    ]
    run.leaks = list(_leaks(world))


def _leaks(world: World) -> Iterator[str]:
    if CANARY.encode() in world.store.saved():
        yield "a secret is in the store"
    if any(CANARY in line for line in world.logs):
        yield "a secret was logged"
    if CANARY.encode() in world.mlflow.saved():
        yield "a secret is in MLflow"
    if CANARY.encode() in world.aws.ecs.saved():
        yield "a secret is in ECS"
    if any(CANARY in line for line in world.shown):
        yield "a secret was shown"
