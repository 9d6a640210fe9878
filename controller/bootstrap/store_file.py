"""Check for an existing store, without creating one."""

from pathlib import Path

from controller.settings import Settings

_SQLITE = "sqlite:///"


def store_is_there(settings: Settings) -> bool:
    """Return True if there is a store to read; a SQLite file may not be made yet."""
    url = settings.store_url.reveal()
    return not url.startswith(_SQLITE) or Path(url.removeprefix(_SQLITE)).exists()
