"""Records of the controller for clients on other hosts, and requests for passes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from controller.core.audit.chain import AuditRecord, ChainReport
from controller.core.document.resource import ResourceId
from controller.core.resources.condition import Condition, Conditions
from controller.core.status.cause import LastAttempt
from controller.store.events import RecordedEvent
from controller.store.heartbeat import Heartbeat


class ControlRecords(Protocol):
    """Records in the store, and requests for passes. Raises DriverError."""

    def statuses(self) -> Mapping[ResourceId, Conditions]:
        """Return the conditions that the last pass concluded."""
        ...

    def last_pass(self) -> Heartbeat | None:
        """Return when a controller last completed a pass, and which."""
        ...

    def events(self, limit: int, of: ResourceId | None) -> tuple[RecordedEvent, ...]:
        """Return the latest events, newest first."""
        ...

    def tried(self, id_: ResourceId) -> LastAttempt | None:
        """Return the last action on ``id_``, or None."""
        ...

    def audit(self, limit: int, of: ResourceId | None) -> tuple[AuditRecord, ...]:
        """Return the latest rows of the audit log, newest first."""
        ...

    def audit_report(self) -> ChainReport:
        """Return the result of a verification of the audit log."""
        ...

    def ask(self, reason: str) -> int:
        """Request a pass and return the number of the request."""
        ...


@dataclass(frozen=True, slots=True)
class ResourceReport:
    """Status of one resource.

    Attributes:
        resource: Its address.
        conditions: All of them.
    """

    resource: str
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class StatusReport:
    """Status of all resources.

    Attributes:
        resources: By address.
        last_pass: When a pass was last completed; null if none ever was.
        holder: Who completed it.
    """

    resources: tuple[ResourceReport, ...]
    last_pass: datetime | None
    holder: str


@dataclass(frozen=True, slots=True)
class EventReport:
    """An event, and its number of occurrences.

    Attributes:
        resource: To which.
        type: ``Normal`` or ``Warning``.
        reason: One CamelCase word.
        message: One sentence.
        count: How often.
        first_seen: When first.
        last_seen: When last.
    """

    resource: str
    type: str
    reason: str
    message: str
    count: int
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class ReconcileRequest:
    """A request for a pass.

    Attributes:
        id: Its number; it is heard by the first pass that begins after it.
    """

    id: int


def status_report(records: ControlRecords) -> StatusReport:
    """Return the status of all resources after the last pass."""
    beat = records.last_pass()
    resources = tuple(
        ResourceReport(str(id_), tuple(conditions.values()))
        for id_, conditions in sorted(records.statuses().items())
    )
    if beat is None:
        return StatusReport(resources, None, "")
    return StatusReport(resources, beat.beat, beat.holder)


def event_reports(
    records: ControlRecords, limit: int, of: ResourceId | None
) -> tuple[EventReport, ...]:
    """Return the latest events, newest first."""
    return tuple(
        EventReport(
            str(happening.resource),
            happening.type,
            happening.reason,
            happening.message,
            happening.count,
            happening.first_seen,
            happening.last_seen,
        )
        for happening in records.events(limit, of)
    )
