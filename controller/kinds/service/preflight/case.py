"""One service among what was seen: what every rule is handed."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from controller.core.planning.preflight import Finding, Result, Severity, Unseen
from controller.core.resources.observation import Absent, Present
from controller.kinds.service.preflight.facts import NOT_LOOKED, Facts, Hidden, Seen

if TYPE_CHECKING:
    from controller.kinds.service.spec.service import ServiceSpec

KeyT = TypeVar("KeyT", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Case:
    """A service and its surroundings.

    Attributes:
        check: The name of the check that is made.
        spec: The service.
        facts: What was seen.
    """

    check: str
    spec: ServiceSpec
    facts: Facts

    def blocks(self, path: str, message: str, command: str = "") -> Finding:
        """Return that nothing may be deployed, and why."""
        return Finding(self.check, Severity.BLOCKS, path, message, command)

    def warns(self, path: str, message: str, command: str = "") -> Finding:
        """Return something that a person should know."""
        return Finding(self.check, Severity.WARNS, path, message, command)

    def unless_there(self, seen: Seen, missing: Finding) -> Iterator[Result]:
        """Yield ``missing`` if a thing is not there, or that nobody could look."""
        match seen:
            case Present():
                return
            case Absent():
                yield missing
            case Hidden(why, passing):
                yield Unseen(self.check, why, passing)

    def unseen(self, *looks: Seen) -> Iterator[Unseen]:
        """Yield that nobody could look, once for each answer that says so."""
        told: set[str] = set()
        for seen in looks:
            if isinstance(seen, Hidden) and seen.why not in told:
                told.add(seen.why)
                yield Unseen(self.check, seen.why, seen.passing)


def of(facts: Mapping[KeyT, Seen], key: KeyT) -> Seen:
    """Return what was seen of ``key``."""
    return facts.get(key, NOT_LOOKED)


def state(seen: Seen) -> Any:
    """Return the state of what is there; None of anything else."""
    return seen.state if isinstance(seen, Present) else None
