"""The existing store of a command, without creating one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from controller.clients.clock import SystemClock
from controller.settings import Settings

if TYPE_CHECKING:
    from controller.store.database import Database

_SQLITE = "sqlite:///"


def store_is_there(settings: Settings) -> bool:
    """Return True if there is a store to read; a SQLite file may not be made yet."""
    url = settings.store_url.reveal()
    return not url.startswith(_SQLITE) or Path(url.removeprefix(_SQLITE)).exists()


@contextmanager
def opened_database(settings: Settings, *, read_only: bool) -> Iterator["Database"]:
    """Yield the database of an existing store; close it at the end of the block.

    SQLAlchemy is imported at first use.

    Raises:
        RefusedError: The file or the schema cannot be used; the message names the remedy.
        StoreUnavailableError: The database does not answer.
    """
    from controller.store.database import Database

    database = Database(settings.store_url.reveal(), SystemClock(), read_only=read_only)
    try:
        database.check()
        yield database
    finally:
        database.close()
