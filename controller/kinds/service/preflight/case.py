"""One service among what was seen: what every rule is handed."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from controller.core.planning.preflight import (
    CheckFinding,
    CheckUnknown,
    Result,
    Severity,
)
from controller.core.resources.observation import Absent, Present
from controller.kinds.service.preflight.facts import NOT_LOOKED, Facts, Seen, Unreadable

if TYPE_CHECKING:
    from controller.kinds.service.spec.service import ServiceSpec

KeyT = TypeVar("KeyT", bound=Hashable)


@dataclass(frozen=True, slots=True)
class ServiceCase:
    """A service and its surroundings.

    Attributes:
        check: The name of the check that is made.
        spec: The service.
        facts: What was seen.
    """

    check: str
    spec: ServiceSpec
    facts: Facts

    def blocks(self, path: str, message: str, command: str = "") -> CheckFinding:
        """Return that nothing may be deployed, and why."""
        return CheckFinding(self.check, Severity.BLOCKS, path, message, command)

    def warns(self, path: str, message: str, command: str = "") -> CheckFinding:
        """Return something that a person should know."""
        return CheckFinding(self.check, Severity.WARNS, path, message, command)

    def unless_there(self, seen: Seen, missing: CheckFinding) -> Iterator[Result]:
        """Yield ``missing`` if a thing is not there, or that nobody could look."""
        match seen:
            case Present():
                return
            case Absent():
                yield missing
            case Unreadable(why, temporary):
                yield CheckUnknown(self.check, why, temporary)

    def unseen(self, *looks: Seen) -> Iterator[CheckUnknown]:
        """Yield that nobody could look, once for each answer that says so."""
        told: set[str] = set()
        for seen in looks:
            if isinstance(seen, Unreadable) and seen.why not in told:
                told.add(seen.why)
                yield CheckUnknown(self.check, seen.why, seen.temporary)


def of(facts: Mapping[KeyT, Seen], key: KeyT) -> Seen:
    """Return what was seen of ``key``."""
    return facts.get(key, NOT_LOOKED)


def state(seen: Seen) -> Any:
    """Return the state of what is there; None of anything else."""
    return seen.state if isinstance(seen, Present) else None
