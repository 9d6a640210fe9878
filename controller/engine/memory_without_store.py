"""Memory of the engine between passes without a store."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from controller.core.document.resource import ResourceId
from controller.core.planning.sightings import Sightings
from controller.core.resources.condition import Conditions
from controller.core.resources.driver import Outcome
from controller.core.resources.plan import Action
from controller.engine.reconciler import Statuses


@dataclass
class NullMemory:
    """Memory that keeps only statuses, for the life of the process."""

    _statuses: dict[ResourceId, Conditions] = field(default_factory=dict)

    def statuses(self) -> Statuses:
        """Return the last conditions."""
        return self._statuses

    def save_statuses(self, statuses: Statuses) -> None:
        """Keep ``statuses`` until the process ends."""
        self._statuses = dict(statuses)

    def undeclared(self) -> frozenset[ResourceId]:
        """Return no resources: without a store earlier passes are not known."""
        return frozenset()

    def save_undeclared(self, ids: Collection[ResourceId]) -> None:
        """Discard ``ids``: without a store nothing is ever deleted."""

    def applied(self, ids: Collection[ResourceId]) -> Mapping[ResourceId, str]:  # noqa: ARG002 - a memory's shape
        """Return no notes: without a store applied specs are not recorded."""
        return {}

    def observed(self, sightings: Sightings) -> int:  # noqa: ARG002 - a memory's shape
        """Return 0: without a store there is no outbox."""
        return 0

    def started(self, action: Action) -> int:  # noqa: ARG002 - a journal's shape
        """Return 0: there is no journal."""
        return 0

    def creation(self, number: int) -> str:  # noqa: ARG002 - a journal's shape
        """Return "": without a store creations are not recorded."""
        return ""

    def finished(self, number: int, action: Action, outcome: Outcome) -> None:
        """Record nothing."""
