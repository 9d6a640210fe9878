"""The parts that need a store. Importing this imports SQLAlchemy."""

from dataclasses import dataclass

from controller.core.clock import Clock
from controller.core.resources.fallbacks import Fallbacks
from controller.engine.store_memory import StoreMemory
from controller.settings import Settings
from controller.store.announcements import AnnouncementLedger
from controller.store.approvals import StoredApprovals
from controller.store.database import Database
from controller.store.deliveries import DeliveryLog
from controller.store.dns_pins import StoredPins
from controller.store.fallbacks import StoredFallbacks
from controller.store.model_metadata import StoredMetadata
from controller.store.outage import StoreOutage
from controller.store.secret_rotations import StoredRotations


@dataclass(frozen=True)
class Store:
    """Parts of a controller that need a store.

    Attributes:
        database: The store itself.
        memory: Statuses, intents and events.
        fallbacks: Last good addresses.
        ledger: Record of announcements.
        deliveries: Record of deliveries.
        approvals: Record of approvals of model versions.
        metadata: Metadata of model versions.
        rotations: Rotations of signing secrets.
        pins: Pins and flushes of names.
    """

    database: Database
    memory: StoreMemory
    fallbacks: Fallbacks
    ledger: AnnouncementLedger
    deliveries: DeliveryLog
    approvals: StoredApprovals
    metadata: StoredMetadata
    rotations: StoredRotations
    pins: StoredPins


def open_store(
    settings: Settings,
    clock: Clock,
    *,
    upgrade: bool,
    read_only: bool = False,
    outage: StoreOutage | None = None,
) -> Store:
    """Return the store of ``settings``. Close its database.

    Args:
        settings: Settings with the URL of the store.
        clock: Source of time on SQLite.
        upgrade: True to create or migrate the tables; only for a process that writes.
        read_only: True if nothing is written to the store.
        outage: Receives the result of each use of the store.

    Raises:
        RefusedError: The schema or the file of the store cannot be used.
        StoreUnavailableError: The store does not answer.
        DriverError: The store refused an operation.
    """
    url = settings.store_url.reveal()
    database = Database(url, clock, outage=outage, read_only=read_only)
    try:
        if upgrade:
            database.upgrade()
        else:
            database.check()
        return Store(
            database,
            StoreMemory(database, clock),
            StoredFallbacks(database),
            AnnouncementLedger(database),
            DeliveryLog(database),
            StoredApprovals(database),
            StoredMetadata(database),
            StoredRotations(database),
            StoredPins(database),
        )
    except BaseException:
        database.close()
        raise
