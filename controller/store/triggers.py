"""Wishes for a pass, left by processes that cannot start one."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, select

from controller.store.database import Database
from controller.store.tables import triggers

# Wishes older than the newest of these have long been heard.
_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class Trigger:
    """Somebody wants a pass soon.

    Attributes:
        id: Grows with time.
        reason: Why, in a few words.
        asked: When.
    """

    id: int
    reason: str
    asked: datetime


class Triggers:
    """The wishes, in the order in which they were left."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ask(self, reason: str, now: datetime) -> int:
        """Leave a wish and return its id."""
        row = insert(triggers).values(reason=reason, asked=now).returning(triggers.c.id)
        with self._database.writing() as connection:
            id_ = int(connection.execute(row).scalar_one())
            connection.execute(delete(triggers).where(triggers.c.id <= id_ - _KEPT))
            return id_

    def pending(self, after: int) -> tuple[Trigger, ...]:
        """Return the wishes left since the one with id ``after``."""
        query = select(triggers).where(triggers.c.id > after).order_by(triggers.c.id)
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return tuple(Trigger(row.id, row.reason, row.asked) for row in rows)

    def latest(self) -> int:
        """Return the id of the newest wish; 0 if there never was one."""
        with self._database.reading() as connection:
            return connection.scalar(select(func.max(triggers.c.id))) or 0
