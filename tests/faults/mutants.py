"""Bugs planted on purpose, each of which an oracle must find.

An oracle that no bug ever trips may be blind. Each mutant replaces one function of
the program for as long as its block lasts.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

from tests.faults.catalogue import WORKLOADS
from tests.faults.enumerate import singles
from tests.faults.mutations import REPLACEMENTS, Replacement
from tests.faults.player import Case, played, prepared
from tests.faults.search import case_of, verdict
from tests.faults.workloads import Workload


@dataclass(frozen=True, slots=True)
class Mutant:
    """One planted bug.

    Attributes:
        name: What is wrong with the program.
        place: The object whose attribute is replaced.
        attribute: Which one.
        instead: Makes the new attribute of the old one.
        workloads: Where it should show.
    """

    name: str
    place: Any
    attribute: str
    instead: Callable[[Any], Any]
    workloads: tuple[str, ...]

    @contextmanager
    def planted(self) -> Iterator[None]:
        """Have the bug within the block."""
        inside = self.place if isinstance(self.place, dict) else vars(self.place)
        good = inside[self.attribute]
        self._put(self.instead(good))
        try:
            yield
        finally:
            self._put(good)

    def _put(self, value: Any) -> None:
        if isinstance(self.place, dict):
            self.place[self.attribute] = value
        else:
            setattr(self.place, self.attribute, value)


def _mutant(replacement: Replacement) -> Mutant:
    name, place, attribute, instead, workloads = replacement
    return Mutant(name, place, attribute, instead, workloads)


MUTANTS: tuple[Mutant, ...] = tuple(_mutant(r) for r in REPLACEMENTS)


def killed_by(mutant: Mutant, most: int = 400) -> str:
    """Return the oracle that finds ``mutant``, or nothing if none does.

    A program that breaks down outright is found by that.
    """
    for name in mutant.workloads:
        workload = next(w for w in WORKLOADS if w.name == name)
        good = case_of(name)
        with mutant.planted():
            found = _found(workload, good, most)
        if found:
            return found
    return ""


def _found(workload: Workload, good: Case, most: int) -> str:
    try:
        case = prepared(workload)
        case.reference = good.reference
        for plan in [(), *islice(singles(good.trace), most)]:
            wrongs = verdict(case, played(case, plan))
            if wrongs:
                return wrongs[0][0]
    except Exception as error:  # noqa: BLE001 - a crash of the program is a find
        return f"crash ({type(error).__name__})"
    return ""
