"""Records of a controller on another host, read through its API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from controller.app.records import NOTHING_YET, StoreRecords, records
from controller.app.session import Session
from controller.clients.clock import SystemClock
from controller.core.audit.chain import (
    AuditRecord,
    BreakCause,
    ChainBreak,
    ChainReport,
)
from controller.core.audit.entry import AuditEntry
from controller.core.clock import Clock
from controller.core.document.resource import ResourceId
from controller.core.errors import RefusedError
from controller.core.resources.condition import (
    Condition,
    Conditions,
    Truth,
)
from controller.core.resources.plan import Verb
from controller.core.status.cause import LastAttempt
from controller.store.events import RecordedEvent
from controller.store.heartbeat import Heartbeat

if TYPE_CHECKING:
    from controller.clients.control import ControlApi


@dataclass(frozen=True)
class RemoteRecords:
    """The same as ``StoreRecords``, without its store; see there.

    Attributes:
        clock: The time.
    """

    clock: Clock
    _api: ControlApi

    def statuses(self) -> Mapping[ResourceId, Conditions]:
        """Return the conditions that the last pass concluded.

        Raises:
            RefusedError: there was no pass yet, or the key is not the server's.
            DriverError: the server has no answer.
        """
        found = _statuses(self._api.status())
        if not found:
            raise RefusedError(NOTHING_YET)
        return found

    def last_pass(self) -> Heartbeat | None:
        """Return when a controller last completed a pass, and which."""
        return _beat(self._api.status())

    def both(self) -> tuple[Mapping[ResourceId, Conditions], Heartbeat | None]:
        """Return what was concluded, and by which pass, as of one moment."""
        report = self._api.status()
        return _statuses(report), _beat(report)

    def events(self, limit: int, of: ResourceId | None) -> tuple[RecordedEvent, ...]:
        """Return the latest events, newest first."""
        found = self._api.events(limit, str(of) if of else None)
        return tuple(map(_happening, found))

    def tried(self, id_: ResourceId) -> LastAttempt | None:
        """Return the last action on ``id_``, or None."""
        found = self._api.last_attempt(str(id_))
        return _tried(found) if found else None

    def audit(self, limit: int, of: ResourceId | None) -> tuple[AuditRecord, ...]:
        """Return the latest rows of the audit log, newest first."""
        return tuple(map(_audited, self._api.audit(limit, str(of) if of else None)))

    def audit_report(self) -> ChainReport:
        """Return the result of a verification of the audit log, by the server."""
        found = self._api.audit_report()
        broken = found["broken"]
        where = (
            ChainBreak(broken["id"], BreakCause(broken["cause"])) if broken else None
        )
        return ChainReport(found["count"], found["head"], where)

    def ask(self, reason: str) -> int:
        """Request a pass and return the number of the request."""
        return self._api.request_pass(reason)


@contextmanager
def remembered(
    context: Session, server: str | None
) -> Iterator[StoreRecords | RemoteRecords]:
    """Yield what is remembered: at ``server``, or in our own store.

    Raises:
        RefusedError: there is no store, or one that we cannot read.
    """
    if server is None:
        with records(context) as own:
            yield own
    else:
        with remote(context, server) as theirs:
            yield theirs


@contextmanager
def remote(context: Session, server: str) -> Iterator[RemoteRecords]:
    """Yield what the controller at ``server`` remembers; nothing is sent yet."""
    with control_api(context, server) as api:
        yield RemoteRecords(SystemClock(), api)


@contextmanager
def control_api(context: Session, server: str) -> Iterator[ControlApi]:
    """Yield the API of ``server``, with our key; nothing is sent yet."""
    # Who reads the own store needs no HTTP client.
    from controller.clients.control import ControlApi
    from controller.clients.http import http_client

    with http_client(server) as http:
        yield ControlApi(http, context.settings.api_key)


def _statuses(report: Mapping[str, Any]) -> dict[ResourceId, Conditions]:
    return {
        ResourceId.parse(entry["resource"]): {
            condition.type: condition
            for condition in map(_condition, entry["conditions"])
        }
        for entry in report["resources"]
    }


def _beat(report: Mapping[str, Any]) -> Heartbeat | None:
    moment = report["last_pass"]
    return Heartbeat(report["holder"], _moment(moment)) if moment else None


def _condition(data: Mapping[str, Any]) -> Condition:
    return Condition(
        data["type"],
        Truth(data["status"]),
        data["reason"],
        data["message"],
        data["observed_generation"],
        _moment(data["last_transition"]),
    )


def _happening(data: Mapping[str, Any]) -> RecordedEvent:
    return RecordedEvent(
        ResourceId.parse(data["resource"]),
        data["type"],
        data["reason"],
        data["message"],
        data["count"],
        _moment(data["first_seen"]),
        _moment(data["last_seen"]),
    )


def _audited(data: Mapping[str, Any]) -> AuditRecord:
    return AuditRecord(**{**data, "entry": AuditEntry(**data["entry"])})


def _tried(data: Mapping[str, Any]) -> LastAttempt:
    again = data["again"]
    return LastAttempt(
        _moment(data["at"]),
        Verb(data["verb"]),
        data["outcome"],
        data["message"],
        data["failures"],
        _moment(again) if again else None,
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
