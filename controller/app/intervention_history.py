"""Requested operations, from the store's journal."""

from collections.abc import Iterator

from controller.bootstrap.store_file import store_is_there
from controller.clients.clock import SystemClock
from controller.core.document.resource import ResourceId
from controller.core.errors import ControllerError
from controller.core.resources.driver import Failed
from controller.core.resources.operation_request import OperationRequest
from controller.core.status.interventions import RecordedIntervention
from controller.settings import Settings
from controller.store.database import Database
from controller.store.journal import IntentJournal

# So many of the latest intents are looked through.
_LOOKED_BACK = 200


def asks_of(settings: Settings, target: ResourceId) -> tuple[RecordedIntervention, ...]:
    """Return what was asked for of ``target`` and did not fail; nothing without a store.

    Reads, and makes no store. One that cannot be read tells nothing here: what the
    service itself says of its past is told all the same.
    """
    if not store_is_there(settings):
        return ()
    database = Database(settings.store_url.reveal(), SystemClock(), read_only=True)
    try:
        database.check()
        return tuple(_asks(database, target))
    except ControllerError:
        return ()
    finally:
        database.close()


def _asks(database: Database, target: ResourceId) -> Iterator[RecordedIntervention]:
    for intent in IntentJournal(database).history(target, _LOOKED_BACK):
        by = intent.details.get("by")
        if by and intent.outcome != Failed.__name__:
            request = OperationRequest(by, intent.details.get("reason", ""))
            yield RecordedIntervention(intent.verb, request, intent.begun)
