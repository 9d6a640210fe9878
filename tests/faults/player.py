"""Play a workload: once without faults, then again with each plan."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from controller.engine.reconciler import PassResult
from tests.fakes.sim_faults import Call, Fault, FaultKind
from tests.faults.memo import (
    Memo,
    Visit,
    completed,
    effects_since,
    forked,
    remembered,
    visited,
)
from tests.faults.outcome import Effects, Run, effects_of, end_of
from tests.faults.saving import Snapshot, restored, saved
from tests.faults.truth import told_rows
from tests.faults.watch import noted, watched
from tests.faults.workloads import Workload
from tests.faults.world import World

QUIET_PASSES = 3
_MOST_PASSES = 12
# Beyond this a run goes nowhere, whatever is still to come.
_LONGEST = 25


@dataclass(frozen=True, slots=True)
class Boundary:
    """A place between two passes of a run.

    Attributes:
        snapshot: The world there.
        step: How many steps of the workload were taken.
        struck: Faults that happened before.
        visit: What is known of the place, if something happened before.
    """

    snapshot: Snapshot
    step: int
    struck: tuple[tuple[Fault, Call], ...] = ()
    visit: Visit | None = None


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
    """Return what becomes of the world at ``start`` when ``plan`` happens to it.

    Two first faults often leave the same state behind: what a second one then does
    is played once. A read that lags shows a past that the state does not tell.
    """
    visit, fault = start.visit, plan[-1]
    if visit is None or fault.kind in _OF_THE_PAST:
        return _played(case, start, plan)
    fork = (visit.key, fault.at - start.snapshot.index, fault.kind)
    known = case.memo.forks.get(fork)
    if known is not None:
        case.memo.hits += 1
        return forked(visit, known, start.struck)
    run = _played(case, start, plan)
    if len(run.struck) > len(start.struck):
        case.memo.forks[fork] = visit, run
    return run


_OF_THE_PAST = frozenset({FaultKind.STALE_READ, FaultKind.TORN_PAGE})


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
    ended = False
    while not ended:
        ended = _one_more(case, run, progress)
        if boundaries is not None and not ended:
            _keep(boundaries, case, run, progress.step)
        elif world.quiet and not fully and not (ended and run.took is None):
            visit = visited(world, run, progress.since, progress.step, case.start)
            visit.key = b"ended" * ended + visit.key
            tail = case.memo.tails.get(visit.key)
            if tail is not None:
                case.memo.hits += 1
                _end(run, progress, world, kept=boundaries is not None)
                noted(world, run)
                completed(run, visit, tail, case.workload.depth + 2)
                remembered(case.memo, visits, run)
                return run
            visits.append(visit)
    _end(run, progress, world, kept=fully or boundaries is not None)
    for _ in range(QUIET_PASSES):
        watched(world, run)
        run.noisy += world.wire.writes
    _finish(case, run)
    remembered(case.memo, visits, run)
    return run


def _end(run: Run, progress: "_Progress", world: World, *, kept: bool) -> None:
    """Write down where ``run`` ended; its calls only for who asks, as they are many."""
    run.last_step = progress.step
    run.calls = world.wire.trace[:] if kept else []


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
    before = len(world.wire.trace)
    result = watched(world, run)
    calm = world.quiet and not run.hit
    progress.since = progress.since + 1 if calm else 0
    sent = any(_delivers(call) for call in world.wire.trace[before:])
    if calm and not sent and result is not None and _done(case, result):
        run.step_ends[progress.step] = len(run.passes)
        if progress.step == len(case.workload.steps):
            run.took = progress.since
            return True
        progress.next(case, world)
    late = progress.since > case.workload.depth + 2
    return late or len(run.passes) > _LONGEST


def _delivers(call: Call) -> bool:
    """Whether ``call`` hands an event over: the next pass reports the answer."""
    return call.writes and call.operation in {"POST", "PUSH"}


def _keep(boundaries: list[Boundary], case: Case, run: Run, step: int) -> None:
    """Keep this place, unless something is still to come that is not kept."""
    world = case.world
    if world.quiet:
        struck = tuple(world.wire.struck)
        visit = visited(world, run, 0, step, case.start) if struck else None
        boundaries.append(Boundary(saved(world), step, struck, visit))


def _done(case: Case, result: PassResult) -> bool:
    """Whether nothing is left; where a rejection is the end, nothing to try."""
    if case.world.wish is not None:
        return False
    if case.workload.settles:
        return result.converged
    return not result.left.actions and case.world.wire.writes == 0


def _finish(case: Case, run: Run) -> None:
    world = case.world
    noted(world, run)
    run.effects = effects_since(world, case.start)
    run.end = end_of(world, stamped=case.workload.settles)
    run.told = {name: Counter(r.told) for name, r in world.receivers.items()}
    run.rows = [(r.event_id, r.target, r.sink) for r in told_rows(world)]
