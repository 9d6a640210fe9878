"""States of deliveries as columns of their rows.

Earlier versions know the states ``pending``, ``delivered`` and ``dead`` only. The other
states are one of these with a cause.
"""

from typing import Any

from sqlalchemy import ColumnElement, literal

from controller.core.webhooks.delivery import DeliveryState
from controller.store.tables import deliveries

# Causes of a dead delivery that is not retried by anything but a request.
CANCELLED = "cancelled"
SUPERSEDED = "superseded"
# The cause of a pending delivery that the configuration does not permit to send.
BLOCKED = "blocked"
# The cause of a pending delivery that is not sent yet.
HELD = "held"

_table = deliveries.c
_OF_CAUSE = {
    (DeliveryState.DEAD, CANCELLED): DeliveryState.CANCELLED,
    (DeliveryState.DEAD, SUPERSEDED): DeliveryState.SUPERSEDED,
    (DeliveryState.PENDING, HELD): DeliveryState.HELD,
}


def in_state(state: DeliveryState) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on the columns of a delivery in ``state``."""
    for (stored, cause), found in _OF_CAUSE.items():
        if found is state:
            return _stored(stored), _table.cause == cause
    others = [cause for stored, cause in _OF_CAUSE if stored is state]
    return _stored(state), *(_table.cause != cause for cause in others)


def _stored(state: DeliveryState) -> ColumnElement[bool]:
    """Return the condition on the stored state.

    The value is part of the statement: a plan for any parameter uses no partial index.
    """
    return _table.state == literal(state.value, literal_execute=True)


def state_of(row: Any) -> DeliveryState:
    """Return the state in a row with the columns ``state`` and ``cause``."""
    return state_of_columns(row.state, row.cause)


def state_of_columns(stored: str, cause: str) -> DeliveryState:
    """Return the state of a row with these values."""
    state = DeliveryState(stored)
    return _OF_CAUSE.get((state, cause), state)
