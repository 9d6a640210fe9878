"""Backlog of every webhook target, from the partial indexes of open deliveries."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from controller.core.webhooks.breaker import CLOSED, Breaker
from controller.core.webhooks.delivery import DeliveryState
from controller.store.breakers import breakers_of
from controller.store.database import Database
from controller.store.delivery_states import in_state
from controller.store.tables import deliveries


@dataclass(frozen=True, slots=True)
class Backlog:
    """Open deliveries of one target.

    Attributes:
        pending: Number of deliveries that are not accepted yet.
        oldest: Age of the oldest of them; zero without any.
        dead: Number of deliveries that were given up.
        breaker: Circuit breaker.
    """

    pending: int = 0
    oldest: timedelta = timedelta(0)
    dead: int = 0
    breaker: Breaker = CLOSED


def backlogs(database: Database, names: Collection[str]) -> dict[str, Backlog]:
    """Return the backlog of each target in ``names``.

    Delivered rows are not read, however many there are.

    Raises:
        ControllerError: The store cannot be read.
    """
    table = deliveries.c

    def query(state: DeliveryState) -> Any:
        return (
            select(table.target, func.count(), func.min(table.recorded))
            .where(table.sink == "webhook", table.target.in_(names), *in_state(state))
            .group_by(table.target)
        )

    with database.reading() as connection:
        now = database.now(connection)
        pending = {
            target: (count, now - oldest)
            for target, count, oldest in connection.execute(
                query(DeliveryState.PENDING)
            )
        }
        dead = {
            target: count
            for target, count, _ in connection.execute(query(DeliveryState.DEAD))
        }
        breakers = breakers_of(connection, names)
    none = (0, timedelta(0))
    closed = (CLOSED, None)
    return {
        name: Backlog(
            *pending.get(name, none), dead.get(name, 0), breakers.get(name, closed)[0]
        )
        for name in names
    }
