"""Backlog of every webhook target, from the partial indexes of open deliveries."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from controller.core.webhooks.breaker import CLOSED, Breaker
from controller.core.webhooks.delivery import DeliveryState
from controller.store.breakers import all_breakers
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


def backlogs(database: Database) -> dict[str, Backlog]:
    """Return the backlog of each target with open deliveries or a stored breaker.

    Delivered rows are not read, however many there are.

    Raises:
        ControllerError: The store cannot be read.
    """
    table = deliveries.c

    def query(state: DeliveryState) -> Any:
        return (
            select(table.target, func.count(), func.min(table.recorded))
            .where(table.sink == "webhook", *in_state(state))
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
        breakers = {
            name: breaker
            for name, breaker in all_breakers(connection).items()
            if ":" not in name
        }
    none = (0, timedelta(0))
    return {
        name: Backlog(
            *pending.get(name, none), dead.get(name, 0), breakers.get(name, CLOSED)
        )
        for name in pending.keys() | dead.keys() | breakers.keys()
    }
