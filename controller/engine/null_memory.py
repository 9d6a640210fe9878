"""What the engine keeps between passes when there is no store: next to nothing."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from controller.core.document.resource import ResourceId
from controller.core.resources.condition import Conditions
from controller.core.resources.driver import Outcome
from controller.core.resources.plan import Action
from controller.engine.reconciler import Statuses


@dataclass
class NullMemory:
    """Keeps statuses for the life of the process, and nothing else."""

    _statuses: dict[ResourceId, Conditions] = field(default_factory=dict)

    def statuses(self) -> Statuses:
        """Return the conditions concluded last."""
        return self._statuses

    def conclude(self, statuses: Statuses) -> None:
        """Keep ``statuses`` until the process ends."""
        self._statuses = dict(statuses)

    def undeclared(self) -> frozenset[ResourceId]:
        """Return nothing: without a store nothing was seen before."""
        return frozenset()

    def note_undeclared(self, ids: Collection[ResourceId]) -> None:
        """Forget ``ids``: without a store nothing is ever deleted."""

    def applied(self, ids: Collection[ResourceId]) -> Mapping[ResourceId, str]:  # noqa: ARG002 - a memory's shape
        """Return nothing: without a store nobody knows what was applied."""
        return {}

    def started(self, action: Action) -> int:  # noqa: ARG002 - a journal's shape
        """Return 0: there is no journal."""
        return 0

    def finished(self, number: int, action: Action, outcome: Outcome) -> None:
        """Record nothing."""
