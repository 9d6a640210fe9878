"""The whole search, on as many processes as are given."""

import multiprocessing
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from controller.clients.clock import SystemClock
from tests.faults import search
from tests.faults.catalogue import WORKLOADS
from tests.faults.mutants import MUTANTS, killed_by
from tests.faults.report import table
from tests.faults.search import Tally

# Where plans that failed are written.
FAILED = Path(tempfile.gettempdir()) / "hokusai-proof"
SHARDS = 24
RANDOM = 1_000


@dataclass
class Proof:
    """What a search found.

    Attributes:
        tally: Plans and what came of them.
        mutants: The oracle that found each planted bug; empty for none.
        seconds: How long it took.
    """

    tally: Tally = field(default_factory=Tally)
    mutants: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether every plan passed and every mutant was found."""
        return not self.tally.failed and all(self.mutants.values())

    def __str__(self) -> str:
        return table(self.tally, self.mutants, len(WORKLOADS), self.seconds)


def share(task: tuple[str, tuple[object, ...]]) -> Tally | dict[str, str]:
    """Do one share of the search."""
    what, arguments = task
    if what == "mutant":
        mutant = next(m for m in MUTANTS if m.name == arguments[0])
        return {mutant.name: killed_by(mutant)}
    tally: Tally = getattr(search, what)(*arguments)
    return tally


def proved(
    processes: int = 2,
    *,
    random: int = RANDOM,
    tell: Callable[[str], None] = print,
) -> Proof:
    """Search, tell of each failure as it is found, and return what was found."""
    clock, proof = SystemClock(), Proof()
    began = clock.monotonic()
    tasks: list[tuple[str, tuple[object, ...]]] = [*search.tasks(random, SHARDS)]
    tasks += [("mutant", (mutant.name,)) for mutant in MUTANTS]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        for done in as_completed([pool.submit(share, task) for task in tasks]):
            found = done.result()
            if isinstance(found, Tally):
                proof.tally.add(found)
                tell_failures(found, tell)
            else:
                proof.mutants |= found
    proof.seconds = clock.monotonic() - began
    return proof


def tell_failures(tally: Tally, tell: Callable[[str], None]) -> None:
    """Write the plan of each failure to a file, and say how to play it again."""
    for failure in tally.failures:
        file = failure.plan.write(FAILED)
        tell(f"failed, seed {failure.plan.seed}: {_words(failure.wrongs)}")
        tell(f"{failure.plan.to_json()}  python -m tests.faults replay {file}")


def _words(wrongs: Sequence[tuple[str, str]]) -> str:
    return "; ".join(f"{oracle}: {wrong[:300]}" for oracle, wrong in wrongs)
