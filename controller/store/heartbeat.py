"""Time of the last completed pass, and the controller that completed it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from controller.store.database import Database
from controller.store.sql import upsert
from controller.store.tables import heartbeats

# Name of the reconcile loop.
HEART = "reconcile"


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Latest completed round of a loop, and the process that completed it."""

    holder: str
    beat: datetime


class Heartbeats:
    """Heartbeats by loop."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def beat(self, name: str, holder: str) -> None:
        """Record that the loop ``name`` has completed a round in ``holder``."""
        with self._database.writing() as connection:
            now = self._database.now(connection)
            row = {"name": name, "holder": holder, "beat": now}
            upsert(connection, heartbeats, [row], ["name"])

    def last(self, name: str) -> Heartbeat | None:
        """Return the latest heartbeat of ``name``, or None if there is none."""
        query = select(heartbeats).where(heartbeats.c.name == name)
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        return None if row is None else Heartbeat(row.holder, row.beat)
