"""Play a workload: once without faults, then again with each plan."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from controller.core.conditions import ConditionType, Truth
from controller.core.observation import Unknown
from controller.core.plan import Verb
from controller.core.resource import ResourceId
from controller.engine.reconciler import PassResult
from tests.fakes.sim_faults import Call, Fault, FaultKind
from tests.faults.memo import (
    Memo,
    Visit,
    completed,
    effects_since,
    remembered,
    visited,
)
from tests.faults.outcome import Effects, Run, Seen, effects_of, end_of, unmarked
from tests.faults.saving import Snapshot, restored, saved
from tests.faults.truth import (
    ambiguous_events,
    existing,
    ready_ids,
    told_rows,
    too_early,
    working_needs,
)
from tests.faults.workloads import Workload
from tests.faults.world import CANARY, World

QUIET_PASSES = 3
_MOST_PASSES = 12
# Beyond this a run goes nowhere, whatever is still to come.
_LONGEST = 25
_BLINDING = frozenset(
    {
        FaultKind.STALE_READ,
        FaultKind.TORN_PAGE,
        FaultKind.HOSTILE_EDIT,
        FaultKind.EMPTY_DOCUMENT,
        FaultKind.BROKEN_DOCUMENT,
        FaultKind.PAUSED_LEADER,
    }
)


@dataclass(frozen=True, slots=True)
class Boundary:
    """A place between two passes of a run.

    Attributes:
        snapshot: The world there.
        step: How many steps of the workload were taken.
        struck: Faults that happened before.
    """

    snapshot: Snapshot
    step: int
    struck: tuple[tuple[Fault, Call], ...] = ()


@dataclass
class Case:
    """A workload with all that its plans share.

    Attributes:
        world: The world it is played in.
        workload: What is played.
        reference: What becomes of it without faults.
        trace: The calls of that run.
        boundaries: The places between its passes.
    """

    workload: Workload
    world: World = field(default_factory=World)
    reference: Run = field(default_factory=Run)
    trace: list[Call] = field(default_factory=list)
    boundaries: list[Boundary] = field(default_factory=list)
    start: Effects = field(default_factory=Counter)
    memo: Memo = field(default_factory=Memo)


def prepared(workload: Workload) -> Case:
    """Return the case, with its fault-free run played."""
    case = Case(workload)
    world = case.world
    workload.before(world)
    world.hostile = workload.edits
    for _ in range(_MOST_PASSES):
        result = world.one_pass()
        if result is not None and world.wire.writes == 0:
            break
    case.start = effects_of(world)
    world.wire.restart(0, world.wire.before)
    first = Boundary(saved(world), 0)
    case.reference = _played(case, first, (), case.boundaries)
    case.trace = case.reference.calls
    return case


def played(case: Case, plan: Sequence[Fault], *, fully: bool = False) -> Run:
    """Return what becomes of the workload when ``plan`` happens to it.

    Args:
        case: The workload.
        plan: What happens.
        fully: Whether to play on where it is known what follows.
    """
    start = nearest(case.boundaries, min((fault.at for fault in plan), default=0))
    return _played(case, start, plan, fully=fully)


def nearest(boundaries: Sequence[Boundary], index: int) -> Boundary:
    """Return the last place before call ``index``."""
    return [b for b in boundaries if b.snapshot.index <= index][-1]


def explored(case: Case, plan: Sequence[Fault]) -> tuple[Run, list[Boundary]]:
    """Return what becomes of ``plan``, and the places at which nothing is pending."""
    start = nearest(case.boundaries, min(fault.at for fault in plan))
    boundaries: list[Boundary] = []
    return _played(case, start, plan, boundaries), boundaries


def resumed(case: Case, start: Boundary, plan: Sequence[Fault]) -> Run:
    """Return what becomes of the world at ``start`` when ``plan`` happens to it."""
    return _played(case, start, plan)


def _played(
    case: Case,
    start: Boundary,
    plan: Sequence[Fault],
    boundaries: list[Boundary] | None = None,
    *,
    fully: bool = False,
) -> Run:
    world, run = case.world, Run()
    restored(world, start.snapshot)
    world.wire.plan(plan)
    world.wire.struck = list(start.struck)
    if boundaries is not None:
        boundaries.append(start)
    progress = _Progress(start.step)
    if progress.step == 0:
        progress.next(case, world)
    visits: list[Visit] = []
    while not _one_more(case, run, progress):
        if boundaries is not None:
            _keep(boundaries, world, progress.step)
        elif world.quiet and not fully:
            visit = visited(world, run, progress.since, progress.step, case.start)
            tail = case.memo.tails.get(visit.key)
            if tail is not None:
                case.memo.hits += 1
                _note(world, run)
                completed(run, visit, tail, case.workload.depth + 2)
                remembered(case.memo, visits, run)
                return run
            visits.append(visit)
    run.last_step, run.calls = progress.step, world.wire.trace[:]
    for _ in range(QUIET_PASSES):
        _one(world, run)
        run.noisy += world.wire.writes
    _finish(case, run)
    remembered(case.memo, visits, run)
    return run


@dataclass
class _Progress:
    """How far a run has come: its step, and the passes since the last fault."""

    step: int
    since: int = 0

    def next(self, case: Case, world: World) -> None:
        """Take the next step of the workload."""
        case.workload.steps[self.step](world)
        self.step, self.since = self.step + 1, 0


def _one_more(case: Case, run: Run, progress: _Progress) -> bool:
    """Do one pass; return whether the run is at its end, good or bad."""
    world = case.world
    result = _one(world, run)
    calm = world.quiet and not run.hit
    progress.since = progress.since + 1 if calm else 0
    if calm and result is not None and _done(case, result):
        run.step_ends[progress.step] = len(run.passes)
        if progress.step == len(case.workload.steps):
            run.took = progress.since
            return True
        progress.next(case, world)
    late = progress.since > case.workload.depth + 2
    return late or len(run.passes) > _LONGEST


def _keep(boundaries: list[Boundary], world: World, step: int) -> None:
    """Keep this place, unless something is still to come that is not kept."""
    if world.quiet:
        struck = tuple(world.wire.struck)
        boundaries.append(Boundary(saved(world), step, struck))


def _done(case: Case, result: PassResult) -> bool:
    """Whether nothing is left; where a rejection is the end, nothing to try."""
    if case.workload.settles:
        return result.converged
    return not result.left.actions and case.world.wire.writes == 0


def _one(world: World, run: Run) -> PassResult | None:
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
            planned=result.plan if result else None,
            left=result.left if result else None,
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


def _misled(world: World) -> bool:
    """Whether this pass read another document than the one that counts."""
    return world.misread_in == world.passes and world.passes > 0


def _note(world: World, run: Run) -> None:
    """Write down what was seen on the way, so far."""
    run.struck = list(world.wire.struck)
    run.problems = [*world.aws.ecs.wrongs, *world.raced, *ambiguous_events(world)]
    run.leaks = list(_leaks(world))


def _finish(case: Case, run: Run) -> None:
    world = case.world
    _note(world, run)
    run.effects = effects_since(world, case.start)
    run.end = end_of(world, stamped=case.workload.settles)
    run.told = {name: Counter(r.told) for name, r in world.receivers.items()}
    run.rows = [(r.event_id, r.target, r.sink) for r in told_rows(world)]


def _leaks(world: World):
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
