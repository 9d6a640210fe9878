"""State of a webhook delivery, and its next step after an attempt."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias


class DeliveryState(StrEnum):
    """State of a delivery; completes "it is ...".

    Attributes:
        PENDING: In progress, or waiting for its next attempt.
        DELIVERED: Accepted by the receiver.
        DEAD: Not retried according to its schedule.
        CANCELLED: Ended by an operator, or because its target is not declared.
        HELD: Waiting for the failure of another delivery of the same event.
        SUPERSEDED: Ended without an attempt, because that one was accepted.
    """

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"
    CANCELLED = "cancelled"
    HELD = "held"
    SUPERSEDED = "superseded"


class DeadCause(StrEnum):
    """Reason why a delivery is dead; completes "it is dead because it is ...".

    Attributes:
        EXHAUSTED: The last attempt of its schedule failed. It is sent again when the
            receiver recovers.
        PARKED: As EXHAUSTED, from a version of the controller that could not send it
            again.
        REFUSED: The receiver refuses the event. Only a request sends it again.
    """

    EXHAUSTED = "exhausted"
    PARKED = "parked"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Delivered:
    """The receiver accepted the event."""


@dataclass(frozen=True, slots=True)
class RetryAt:
    """The delivery is retried at ``at``.

    Attributes:
        at: Time of the next attempt.
        is_charged: True if the attempt counts against the schedule.
    """

    at: datetime
    is_charged: bool = True


@dataclass(frozen=True, slots=True)
class Dead:
    """The delivery is not retried according to its schedule."""

    reason: str
    cause: DeadCause = DeadCause.EXHAUSTED


@dataclass(frozen=True, slots=True)
class TargetGone:
    """The receiver wants no events: its target is disabled, and the delivery waits."""

    reason: str


NextStep: TypeAlias = Delivered | RetryAt | Dead | TargetGone
