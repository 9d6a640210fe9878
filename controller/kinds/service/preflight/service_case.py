"""The input of a check: one service and the collected facts."""

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
from controller.kinds.service.preflight.facts import NOT_READ, Fact, Facts, Unreadable

if TYPE_CHECKING:
    from controller.kinds.service.spec.service import ServiceSpec

KeyT = TypeVar("KeyT", bound=Hashable)


@dataclass(frozen=True, slots=True)
class ServiceCase:
    """A service and the facts about its prerequisites.

    Attributes:
        check: Name of the check.
        spec: The service.
        facts: Collected facts.
    """

    check: str
    spec: ServiceSpec
    facts: Facts

    def blocks(self, path: str, message: str, command: str = "") -> CheckFinding:
        """Return a finding that blocks the deployment."""
        return CheckFinding(self.check, Severity.BLOCKS, path, message, command)

    def warns(self, path: str, message: str, command: str = "") -> CheckFinding:
        """Return a finding that is a warning."""
        return CheckFinding(self.check, Severity.WARNS, path, message, command)

    def unless_present(self, seen: Fact, missing: CheckFinding) -> Iterator[Result]:
        """Yield ``missing`` for an absent fact, or a result for an unreadable one."""
        match seen:
            case Present():
                return
            case Absent():
                yield missing
            case Unreadable(why, temporary):
                yield CheckUnknown(self.check, why, temporary)

    def unreadable(self, *reads: Fact) -> Iterator[CheckUnknown]:
        """Yield one result for each reason why a thing could not be read."""
        reasons: set[str] = set()
        for seen in reads:
            if isinstance(seen, Unreadable) and seen.why not in reasons:
                reasons.add(seen.why)
                yield CheckUnknown(self.check, seen.why, seen.temporary)


def of(facts: Mapping[KeyT, Fact], key: KeyT) -> Fact:
    """Return the fact about ``key``."""
    return facts.get(key, NOT_READ)


def state(seen: Fact) -> Any:
    """Return the state of a thing that exists; None for anything else."""
    return seen.state if isinstance(seen, Present) else None
