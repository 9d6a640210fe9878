"""``python -m tests.faults``: search for faults that do harm, or play one again.

proof [PROCESSES]     every single fault, pairs on four workloads, random schedules
replay PLAN.json      one plan, alone; prints what the oracles say
trace WORKLOAD        the numbered calls of a workload without faults
"""

import sys
from pathlib import Path

from tests.faults.plan import Plan
from tests.faults.proof import proved
from tests.faults.search import case_of, replayed


def main(arguments: list[str]) -> int:
    """Do what is asked and return the exit status: 1 if something is wrong."""
    match arguments:
        case ["proof", *rest]:
            proof = proved(int(rest[0]) if rest else 2)
            print(proof)  # noqa: T201 - a command
            return 0 if proof.holds else 1
        case ["replay", file]:
            wrongs = replayed(Plan.from_json(Path(file).read_text()))
            for oracle, wrong in wrongs:
                print(f"{oracle}: {wrong}")  # noqa: T201 - a command
            return 1 if wrongs else 0
        case ["trace", name]:
            for call in case_of(name).trace:
                print(call.index, call.backend, call.operation)  # noqa: T201
            return 0
        case _:
            print(__doc__)  # noqa: T201 - a command
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
