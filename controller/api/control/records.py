"""What the controller wrote down, for those on another host, and a wish for a pass."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from controller.core.document.resource import ResourceId
from controller.core.resources.condition import Condition, Conditions
from controller.core.status.cause import LastAttempt
from controller.store.events import RecordedEvent
from controller.store.heartbeat import Heartbeat


class ControlRecords(Protocol):
    """Whoever reads the store, and leaves a wish in it. Raises DriverError."""

    def statuses(self) -> Mapping[ResourceId, Conditions]:
        """Return the conditions that the last pass concluded."""
        ...

    def last_pass(self) -> Heartbeat | None:
        """Return when a controller last completed a pass, and which."""
        ...

    def events(self, limit: int, of: ResourceId | None) -> tuple[RecordedEvent, ...]:
        """Return the latest happenings, the last one first."""
        ...

    def tried(self, id_: ResourceId) -> LastAttempt | None:
        """Return what was last tried with ``id_``; None if nothing ever was."""
        ...

    def ask(self, reason: str) -> int:
        """Leave a wish for a pass and return its number."""
        ...


@dataclass(frozen=True, slots=True)
class ResourceReport:
    """How one resource does.

    Attributes:
        resource: Its address.
        conditions: All of them.
    """

    resource: str
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class StatusReport:
    """How everything does.

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
    """Something that happened, and how often.

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
    """A wish for a pass.

    Attributes:
        id: Its number; it is heard by the first pass that begins after it.
    """

    id: int


def status_report(records: ControlRecords) -> StatusReport:
    """Return how everything does, as the last pass found it."""
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
    """Return the latest happenings, the last one first."""
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
