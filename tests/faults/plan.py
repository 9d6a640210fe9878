"""A plan: which faults befall which calls of which workload. A file of a few lines."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.fakes.sim_faults import Fault, FaultKind


@dataclass(frozen=True, slots=True)
class Plan:
    """All it takes to play a run again.

    Attributes:
        workload: Its name.
        faults: What happens, in the order of the calls.
        seed: Where the plan came from, if it was drawn.
        mutant: The bug that is planted, if one is.
    """

    workload: str
    faults: tuple[Fault, ...]
    seed: int = 0
    mutant: str = ""

    def to_json(self) -> str:
        """Return the plan as the text of its file."""
        plan: dict[str, Any] = {
            "workload": self.workload,
            "seed": self.seed,
            "faults": [{"at": f.at, "kind": f.kind.value} for f in self.faults],
        }
        if self.mutant:
            plan["mutant"] = self.mutant
        return json.dumps(plan, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Plan":
        """Return the plan that ``text`` holds."""
        plan = json.loads(text)
        faults = tuple(Fault(f["at"], FaultKind(f["kind"])) for f in plan["faults"])
        return cls(
            plan["workload"], faults, plan.get("seed", 0), plan.get("mutant", "")
        )

    def write(self, directory: Path) -> Path:
        """Write the plan's file, named after what it holds, and return where."""
        text = self.to_json()
        directory.mkdir(parents=True, exist_ok=True)
        file = directory / f"{sha256(text.encode()).hexdigest()[:12]}.json"
        file.write_text(text)
        return file


def shrunk(
    faults: Sequence[Fault], fails: Callable[[Sequence[Fault]], bool]
) -> tuple[Fault, ...]:
    """Return a part of ``faults`` that still fails, and no part of which does."""
    left = list(faults)
    for fault in faults:
        without = [f for f in left if f is not fault]
        if without and fails(without):
            left = without
    return tuple(left)


def drawn(seed: int, number: int, below: int) -> int:
    """Return the number below ``below`` that ``seed`` draws for the time ``number``."""
    digest = sha256(f"{seed}/{number}".encode()).digest()
    return int.from_bytes(digest[:8]) % below
