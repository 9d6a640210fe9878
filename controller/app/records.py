"""Records of the store, for read-only commands."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from controller.app.attempts import last_tried
from controller.app.session import Session
from controller.bootstrap.environment import NOT_RUNNING
from controller.bootstrap.store_file import opened_database, store_is_there
from controller.clients.clock import SystemClock
from controller.core.audit.chain import AuditRecord, ChainReport, verified
from controller.core.clock import Clock
from controller.core.document.resource import ResourceId
from controller.core.errors import RefusedError
from controller.core.resources.condition import Conditions
from controller.core.status.cause import LastAttempt
from controller.store.audit_log import AuditLog
from controller.store.database import Database
from controller.store.events import EventLog, RecordedEvent
from controller.store.heartbeat import HEART, Heartbeat, Heartbeats
from controller.store.status import StatusTable

NOTHING_YET = (
    "No pass was recorded yet: start one with `hokusai run` or `hokusai apply`."
)


@dataclass(frozen=True)
class StoreRecords:
    """Records of the reconciling controller. Read-only.

    Attributes:
        clock: The time.
    """

    clock: Clock
    _database: Database

    def statuses(self) -> Mapping[ResourceId, Conditions]:
        """Return the conditions that the last pass concluded.

        Raises:
            RefusedError: there was no pass yet.
        """
        found = StatusTable(self._database).all()
        if not found:
            raise RefusedError(NOTHING_YET)
        return found

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


@contextmanager
def records(context: Session) -> Iterator[StoreRecords]:
    """Yield what the store remembers.

    Raises:
        RefusedError: there is no store, or one that we cannot read.
    """
    require_store(context)
    with opened_database(context.settings, read_only=True) as database:
        yield StoreRecords(SystemClock(), database)


def require_store(context: Session) -> None:
    """Raise RefusedError if there is no store; reading must not create one.

    While the local platform does not run, its store is not known.
    """
    platform, settings = context.document.platform, context.settings
    endpoint = platform.endpoint or settings.aws_endpoint_url
    known = endpoint is not None or "HOKUSAI_STORE_URL" in context.environ
    if platform.environment == "local" and not known:
        raise RefusedError(NOT_RUNNING)
    if not store_is_there(context.settings):
        url = context.settings.store_url
        msg = f"there is no store at {url}: {NOTHING_YET[0].lower()}{NOTHING_YET[1:]}"
        raise RefusedError(msg)
