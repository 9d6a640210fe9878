"""Whether there is a store, found out without making one."""

from pathlib import Path

from controller.settings import Settings

_SQLITE = "sqlite:///"


def store_is_there(settings: Settings) -> bool:
    """Whether there is a store to look into; a SQLite file may not be made yet."""
    url = settings.store_url.reveal()
    return not url.startswith(_SQLITE) or Path(url.removeprefix(_SQLITE)).exists()
