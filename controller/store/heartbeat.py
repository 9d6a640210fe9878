"""When a pass was last completed, and by whom."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from controller.store.database import Database
from controller.store.sql import upsert
from controller.store.tables import heartbeats

# The loop that reconciles.
HEART = "reconcile"


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The last sign of life."""

    holder: str
    beat: datetime


class Heartbeats:
    """One row for each loop that should be seen to run."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def beat(self, name: str, holder: str) -> None:
        """Write down that ``name`` has just completed a round at ``holder``."""
        with self._database.writing() as connection:
            now = self._database.now(connection)
            row = {"name": name, "holder": holder, "beat": now}
            upsert(connection, heartbeats, [row], ["name"])

    def last(self, name: str) -> Heartbeat | None:
        """Return the last sign of life of ``name``, if there ever was one."""
        query = select(heartbeats).where(heartbeats.c.name == name)
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        return None if row is None else Heartbeat(row.holder, row.beat)
