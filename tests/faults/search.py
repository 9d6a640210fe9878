"""Play plans, judge them, and count."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import islice

from tests.fakes.sim_faults import Fault
from tests.faults.catalogue import WORKLOADS
from tests.faults.enumerate import faults_of, seconds, singles
from tests.faults.memo import PROVED_EVERY
from tests.faults.oracles import extra_objects, judged
from tests.faults.outcome import Run
from tests.faults.plan import Plan, drawn, shrunk
from tests.faults.player import (
    Boundary,
    Case,
    explored,
    nearest,
    played,
    prepared,
    resumed,
)

MOST_FAULTS = 4
Wrongs = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Failure:
    """A plan that an oracle refuses.

    Attributes:
        plan: The smallest one found.
        wrongs: Which oracles, and what they say.
    """

    plan: Plan
    wrongs: tuple[tuple[str, str], ...]


@dataclass
class Tally:
    """What came of many plans.

    Attributes:
        plans: How many were played.
        kinds: How many faults of each kind happened.
        failures: What failed; the first few in full.
        failed: How many failed.
        took: Passes to convergence, how often.
        extra: Extra objects, by what they are.
        proved: How many remembered runs were played in full.
    """

    plans: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    failed: int = 0
    took: Counter[int] = field(default_factory=Counter)
    extra: Counter[str] = field(default_factory=Counter)
    proved: int = 0

    def add(self, other: "Tally") -> None:
        """Count what ``other`` counted."""
        self.plans.update(other.plans)
        self.kinds.update(other.kinds)
        self.took.update(other.took)
        self.failures = (self.failures + other.failures)[:20]
        self.failed += other.failed
        self.extra.update(other.extra)
        self.proved += other.proved


@cache
def case_of(name: str) -> Case:
    """Return the workload called ``name``, with its fault-free run played.

    The cases of a process share one store, and are whole again with each plan.
    """
    return prepared(next(w for w in WORKLOADS if w.name == name))


def single_faults(name: str) -> Tally:
    """Play every single fault of a workload."""
    tally, case = Tally(), case_of(name)
    for faults in singles(case.trace):
        _play(tally, case, "single", faults)
    return tally


def pairs(name: str, shard: int, shards: int) -> Tally:
    """Play a share of the ordered pairs of a workload."""
    tally, case = Tally(), case_of(name)
    for index, (first,) in enumerate(singles(case.trace)):
        if index % shards == shard:
            run, boundaries = explored(case, (first,))
            some = islice(
                seconds(first, run.calls),
                index % case.workload.pairs,
                None,
                case.workload.pairs,
            )
            for both in some:
                _play(tally, case, "pair", both, boundaries)
    return tally


def schedules(first_seed: int, count: int) -> Tally:
    """Play random schedules: a workload and up to four faults a seed."""
    tally = Tally()
    for seed in range(first_seed, first_seed + count):
        plan = drawn_plan(seed)
        _play(tally, case_of(plan.workload), "random", plan.faults, seed=seed)
    return tally


def drawn_plan(seed: int) -> Plan:
    """Return the plan that ``seed`` stands for, always the same one."""
    workload = WORKLOADS[drawn(seed, 0, len(WORKLOADS))].name
    trace = case_of(workload).trace
    count = 2 + drawn(seed, 1, MOST_FAULTS - 1)
    at = sorted({drawn(seed, 10 + n, len(trace)) for n in range(count)})
    faults = []
    for number, index in enumerate(at):
        kinds = faults_of(trace[index])
        faults.append(Fault(index, kinds[drawn(seed, 100 + number, len(kinds))]))
    return Plan(workload, tuple(faults), seed)


def verdict(case: Case, run: Run) -> Wrongs:
    """Return what the oracles say of ``run``."""
    return judged(case.workload, run, case.reference)


def replayed(plan: Plan) -> Wrongs:
    """Play one plan alone, to its end, and return what the oracles say."""
    case = case_of(plan.workload)
    return verdict(case, played(case, plan.faults, fully=True))


def _play(
    tally: Tally,
    case: Case,
    sort: str,
    faults: Sequence[Fault],
    boundaries: Sequence[Boundary] = (),
    *,
    seed: int = 0,
) -> None:
    hits = case.memo.hits
    run = _run_of(case, faults, boundaries)
    wrongs = verdict(case, run)
    tally.plans[sort] += 1
    if case.memo.hits > hits and case.memo.hits % PROVED_EVERY == 0:
        tally.proved += 1
        full = verdict(case, played(case, faults, fully=True))
        if sorted(set(full)) != sorted(set(wrongs)):
            wrongs = [("remembered", f"{wrongs}, and in full {full}"), *full]
    for fault, _ in run.struck:
        tally.kinds[fault.kind.value] += 1
    if run.took is not None:
        tally.took[run.took] += 1
    tally.extra.update(extra_objects(run, case.reference))
    if not wrongs:
        return
    tally.failed += 1
    if len(tally.failures) < _MOST_SHOWN:
        tally.failures.append(_smallest(case, faults, seed, wrongs))


_MOST_SHOWN = 5


def _run_of(case: Case, faults: Sequence[Fault], boundaries: Sequence[Boundary]) -> Run:
    if not boundaries:
        return played(case, faults)
    start = nearest(boundaries, faults[-1].at)
    return resumed(case, start, faults[len(start.struck) :])


def _smallest(case: Case, faults: Sequence[Fault], seed: int, found: Wrongs) -> Failure:
    def wrongs(some: Sequence[Fault]) -> Wrongs:
        return verdict(case, played(case, some, fully=True))

    if not wrongs(faults):
        # Only what was remembered is wrong, and that is no smaller for fewer faults.
        told = [("remembered", f"{found}, and in full nothing")]
        return Failure(Plan(case.workload.name, tuple(faults), seed), tuple(told))
    least = shrunk(faults, lambda some: bool(wrongs(some)))
    plan = Plan(case.workload.name, least, seed)
    return Failure(plan, tuple(wrongs(least)[:3]))


def tasks(
    random_schedules: int, shards: int
) -> Iterator[tuple[str, tuple[object, ...]]]:
    """Yield every share of the search: what to call, and with what."""
    for workload in WORKLOADS:
        if workload.pairs:
            for shard in range(shards):
                yield "pairs", (workload.name, shard, shards)
    for workload in WORKLOADS:
        yield "single_faults", (workload.name,)
    size = max(1, random_schedules // shards)
    for first in range(0, random_schedules, size):
        yield "schedules", (first + 1, min(size, random_schedules - first))
