"""Requests for a pass, left by processes that cannot start one."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, select

from controller.store.database import Database
from controller.store.tables import triggers

# Older requests have long been read.
_MAX_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class Trigger:
    """Request for a pass.

    Attributes:
        id: Number that increases with time.
        reason: Reason in a few words.
        asked: Time of the request.
    """

    id: int
    reason: str
    asked: datetime


class Triggers:
    """Requests in the order in which they were made."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ask(self, reason: str, now: datetime) -> int:
        """Record a request and return its id."""
        row = insert(triggers).values(reason=reason, asked=now).returning(triggers.c.id)
        with self._database.writing() as connection:
            id_ = int(connection.execute(row).scalar_one())
            old = triggers.c.id <= id_ - _MAX_ROWS
            connection.execute(delete(triggers).where(old))
            return id_

    def pending(self, after: int) -> tuple[Trigger, ...]:
        """Return the requests made since the one with id ``after``."""
        query = select(triggers).where(triggers.c.id > after).order_by(triggers.c.id)
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return tuple(Trigger(row.id, row.reason, row.asked) for row in rows)

    def latest(self) -> int:
        """Return the id of the newest request, or 0 if there is none."""
        with self._database.reading() as connection:
            return connection.scalar(select(func.max(triggers.c.id))) or 0
