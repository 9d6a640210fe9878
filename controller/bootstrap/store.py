"""The parts that need a store. Importing this imports SQLAlchemy."""

from dataclasses import dataclass

from controller.core.clock import Clock
from controller.core.resources.fallbacks import Fallbacks
from controller.engine.store_memory import StoreMemory
from controller.settings import Settings
from controller.store.announcements import AnnouncementLedger
from controller.store.database import Database
from controller.store.deliveries import DeliveryLog
from controller.store.fallbacks import StoredFallbacks


@dataclass(frozen=True)
class Store:
    """Parts of a controller that need a store.

    Attributes:
        database: The store itself.
        memory: Statuses, intents and events.
        fallbacks: Last good addresses.
        ledger: Record of announcements.
        deliveries: Record of deliveries.
    """

    database: Database
    memory: StoreMemory
    fallbacks: Fallbacks
    ledger: AnnouncementLedger
    deliveries: DeliveryLog


def open_store(settings: Settings, clock: Clock, *, upgrade: bool) -> Store:
    """Return the store of ``settings``. Close its database.

    Args:
        settings: Where it is.
        clock: Tells the time on SQLite.
        upgrade: Whether to make or update its tables; only who writes may.

    Raises:
        RefusedError: this program cannot work with the tables that are there.
        DriverError: the store cannot be reached.
    """
    database = Database(settings.store_url.reveal(), clock)
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
        )
    except BaseException:
        database.close()
        raise
