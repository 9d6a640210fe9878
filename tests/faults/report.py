"""The table at the end of a proof."""

from collections import Counter
from collections.abc import Mapping

from tests.faults.search import Tally


def table(
    tally: Tally, mutants: Mapping[str, str], workloads: int, seconds: float
) -> str:
    """Return what was tried and what came of it, as text."""
    plans = sum(tally.plans.values())
    sorts = ", ".join(f"{n} {sort}" for sort, n in sorted(tally.plans.items()))
    oracles = Counter(oracle or "SURVIVED" for oracle in mutants.values())
    lines = [
        ("workloads", str(workloads)),
        ("plans", f"{plans} ({sorts})"),
        ("faults", str(sum(tally.kinds.values()))),
        *((f"  {kind}", str(n)) for kind, n in sorted(tally.kinds.items())),
        ("failures", str(tally.failed)),
        ("passes to convergence", f"p50 {_median(tally.took)}, max {max(tally.took)}"),
        ("extra objects", str(sum(tally.extra.values()))),
        *((f"  {what}", str(n)) for what, n in sorted(tally.extra.items())),
        ("remembered runs played in full", str(tally.proved)),
        ("mutants", f"{len(mutants)}, survived {oracles.get('SURVIVED', 0)}"),
        *((f"  by {oracle}", str(n)) for oracle, n in sorted(oracles.items())),
        ("seconds", f"{seconds:.0f}"),
    ]
    width = max(len(name) for name, _ in lines)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in lines)


def _median(counts: Counter[int]) -> int:
    """Return the value in the middle of all that were counted."""
    left = sum(counts.values()) / 2
    for value in sorted(counts):
        left -= counts[value]
        if left <= 0:
            return value
    return 0
