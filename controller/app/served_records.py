"""Records of the store that the API serves."""

from collections.abc import Mapping

from controller.app.records import StoreRecords
from controller.core.document.resource import ResourceId
from controller.core.resources.condition import Conditions
from controller.core.webhooks.delivery_requests import DeliverySelection
from controller.core.webhooks.event import MODEL_REGISTERED
from controller.core.webhooks.records import DeliveryReport
from controller.store.database import Database
from controller.store.deliveries import DeliveryLog
from controller.store.status import StatusTable
from controller.store.triggers import Triggers

# Of one model; a page of a person has fewer.
_MOST_DELIVERIES = 1_000


class RegistrationDeliveries:
    """Deliveries of the registrations of a model."""

    def __init__(self, database: Database) -> None:
        self._log = DeliveryLog(database)

    def of_model(self, model: str) -> tuple[DeliveryReport, ...]:
        """Return the deliveries to webhook targets, newest first."""
        chosen = DeliverySelection(model=model, sink="webhook")
        found = self._log.selected(chosen, _MOST_DELIVERIES)
        return tuple(d for d in found if d.type == MODEL_REGISTERED)


class ServedRecords(StoreRecords):
    """Records for the callers of the API, who may request a pass."""

    def statuses(self) -> Mapping[ResourceId, Conditions]:
        """Return the conditions that the last pass concluded; none before a pass."""
        return StatusTable(self._database).all()

    def ask(self, reason: str) -> int:
        """Request a pass and return the number of the request."""
        return Triggers(self._database).ask(reason, self.clock.now())
