"""Records of the store that the API serves."""

from collections.abc import Mapping

from controller.app.attempts import last_tried
from controller.core.audit.chain import AuditRecord, ChainReport, verified
from controller.core.clock import Clock
from controller.core.document.resource import ResourceId
from controller.core.resources.condition import Conditions
from controller.core.status.cause import LastAttempt
from controller.core.webhooks.delivery_requests import DeliverySelection
from controller.core.webhooks.event import MODEL_REGISTERED
from controller.core.webhooks.records import DeliveryReport
from controller.store.audit_log import AuditLog
from controller.store.database import Database
from controller.store.deliveries import DeliveryLog
from controller.store.events import EventLog, RecordedEvent
from controller.store.heartbeat import HEART, Heartbeat, Heartbeats
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


class StoredRecords:
    """Reads what the controller wrote down, and leaves wishes for it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def statuses(self) -> Mapping[ResourceId, Conditions]:
        """Return the conditions that the last pass concluded."""
        return StatusTable(self._database).all()

    def last_pass(self) -> Heartbeat | None:
        """Return when a controller last completed a pass, and which."""
        return Heartbeats(self._database).last(HEART)

    def events(self, limit: int, of: ResourceId | None) -> tuple[RecordedEvent, ...]:
        """Return the latest events, newest first."""
        return EventLog(self._database).recent(limit, of)

    def tried(self, id_: ResourceId) -> LastAttempt | None:
        """Return the last action on ``id_``, or None."""
        return last_tried(self._database, id_)

    def audit(self, limit: int, of: ResourceId | None) -> tuple[AuditRecord, ...]:
        """Return the latest rows of the audit log, newest first."""
        return AuditLog(self._database).recent(limit, of)

    def audit_report(self) -> ChainReport:
        """Return the result of a verification of the audit log."""
        return verified(AuditLog(self._database).records())

    def ask(self, reason: str) -> int:
        """Request a pass and return the number of the request."""
        return Triggers(self._database).ask(reason, self._clock.now())
