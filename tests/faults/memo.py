"""What is known of the way from here: two runs that meet go on alike.

Most faults lead to one of few states. What follows from a state, once no fault is
to come, is played once and remembered, and so is what follows from one more fault. Every so
so often a remembered run is played all the same, and must come out as remembered.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from tests.fakes.sim_faults import Call, Fault, FaultKind
from tests.faults.outcome import Effects, Run, effects_of
from tests.faults.state import state_key
from tests.faults.world import World

# One of so many remembered runs is played in full; a prime, so that it is not always
# the same kind of fault.
PROVED_EVERY = 97


@dataclass(frozen=True, slots=True)
class Tail:
    """What follows from a state.

    Attributes:
        run: The run it was seen in, ended.
        passes: How many of its passes came before.
        more: How many passes the present step took from there; None for never.
        last: Whether the present step was the last one.
        effects: What was changed from there on.
        told: How many events each target heard of from there on.
        rows: How many deliveries were recorded from there on.
    """

    run: Run
    passes: int
    more: int | None
    last: bool
    effects: Effects
    told: dict[str, int]
    rows: int


@dataclass
class Visit:
    """A run at one boundary, before it is known what follows."""

    key: bytes
    passes: int
    since: int
    step: int
    effects: Effects
    told: dict[str, int]
    rows: int


Struck: TypeAlias = Sequence[tuple[Fault, Call]]
# A state, how many calls later something happens, and what.
Fork: TypeAlias = tuple[bytes, int, FaultKind]


@dataclass
class Memo:
    """Tails by state, for one workload.

    Attributes:
        tails: What follows if nothing more happens.
        forks: What follows if one thing more happens, so many calls later.
        hits: How often one was used.
    """

    tails: dict[bytes, Tail] = field(default_factory=dict)
    forks: dict[Fork, tuple[Visit, Run]] = field(default_factory=dict)
    hits: int = 0


def told_lengths(world: World) -> dict[str, int]:
    """Return how many events each target heard of."""
    return {name: len(r.told) for name, r in world.receivers.items()}


def effects_since(world: World, start: Effects) -> Effects:
    """Return what was changed since the workload began."""
    effects = effects_of(world)
    effects.subtract(start)
    return effects


def visited(world: World, run: Run, since: int, step: int, start: Effects) -> Visit:
    """Return where ``run`` is."""
    return Visit(
        state_key(world, step),
        len(run.passes),
        since,
        step,
        effects_since(world, start),
        told_lengths(world),
        _rows(world),
    )


def _rows(world: World) -> int:
    query = "select count(*) from deliveries"
    count: int = world.store._raw.execute(query).fetchone()[0]
    return count


def remembered(memo: Memo, visits: list[Visit], run: Run) -> None:
    """Keep what followed from each place that ``run`` went through."""
    for visit in visits:
        if visit.key in memo.tails:
            continue
        effects = Counter(run.effects)
        effects.subtract(visit.effects)
        ends = run.step_ends
        here = ends.get(visit.step)
        memo.tails[visit.key] = Tail(
            run,
            visit.passes,
            None if here is None else here - visit.passes,
            run.last_step == visit.step,
            effects,
            {name: len(t) - visit.told[name] for name, t in run.told.items()},
            len(run.rows) - visit.rows,
        )


def completed(run: Run, visit: Visit, tail: Tail, bound: int) -> None:
    """Give ``run`` the end that is known to follow from where it is."""
    known = tail.run
    in_time = tail.more is not None and visit.since + tail.more <= bound
    if tail.last:
        run.took = (
            visit.since + tail.more if in_time and tail.more is not None else None
        )
    else:
        run.took = known.took if in_time else None
    shift = len(run.passes) - tail.passes
    for step, ended in known.step_ends.items():
        if step >= visit.step:
            run.step_ends[step] = ended + shift
    run.last_step = known.last_step
    run.passes += known.passes[tail.passes :]
    run.noisy = known.noisy
    run.effects = Counter(visit.effects)
    run.effects.update(tail.effects)
    run.end, run.leaks = known.end, [*run.leaks, *known.leaks]
    run.problems = [*run.problems, *known.problems]
    run.told = {
        name: _numbered(visit.told[name] + more) for name, more in tail.told.items()
    }
    run.rows = _rows_numbered(visit.rows + tail.rows)


def forked(visit: Visit, known: tuple[Visit, Run], first: Struck) -> Run:
    """Return the run that goes on from ``visit`` as a known one did from its like."""
    there, run = known
    effects = Counter(visit.effects)
    effects.update(run.effects)
    effects.subtract(there.effects)
    return replace(
        run,
        struck=[*first, run.struck[-1]],
        effects=effects,
        told={
            name: _numbered(len(told) - there.told[name] + visit.told[name])
            for name, told in run.told.items()
        },
        rows=_rows_numbered(len(run.rows) - there.rows + visit.rows),
    )


def _numbered(count: int) -> Counter[str]:
    """Return so many events, whatever they are called."""
    return Counter({str(n): 1 for n in range(count)})


def _rows_numbered(count: int) -> list[tuple[str, str, str]]:
    return [("", "", str(n)) for n in range(count)]
