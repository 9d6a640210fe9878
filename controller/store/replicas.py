"""Running processes of the API service, by their heartbeats."""

from datetime import timedelta

from sqlalchemy import delete, func, select

from controller.store.database import Database
from controller.store.sql import upsert
from controller.store.tables import heartbeats

# Prefix of the names of their rows in the table of heartbeats.
SERVE = "serve:"
INTERVAL = timedelta(seconds=5)
# A process that misses three heartbeats does not count.
_LIVE = timedelta(seconds=20)


class Replicas:
    """Heartbeats of the processes that share this store.

    Args:
        database: Store.
        holder: Id of this process.
    """

    def __init__(self, database: Database, holder: str) -> None:
        self._database = database
        self._name = f"{SERVE}{holder}"
        self._holder = holder

    def beat(self) -> int:
        """Record a heartbeat of this process and return how many processes are live.

        Rows of processes that ended without a farewell are deleted. Repeatable.
        """
        rows = heartbeats.c.name.startswith(SERVE, autoescape=True)
        with self._database.writing() as connection:
            now = self._database.now(connection)
            gone = delete(heartbeats).where(rows, heartbeats.c.beat <= now - _LIVE)
            connection.execute(gone)
            row = {"name": self._name, "holder": self._holder, "beat": now}
            upsert(connection, heartbeats, [row], ["name"])
            count = select(func.count()).select_from(heartbeats).where(rows)
            return connection.scalar(count) or 1

    def leave(self) -> None:
        """Delete the heartbeat of this process, so that it does not count any more."""
        with self._database.writing() as connection:
            own = heartbeats.c.name == self._name
            connection.execute(delete(heartbeats).where(own))
