"""Requests of users about deliveries: send again, or cancel."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeAlias

from controller.core.webhooks.breaker import Breaker
from controller.core.webhooks.delivery import DeadCause, DeliveryState
from controller.core.webhooks.records import DeliveryAttempt, DeliveryReport, Sink

StateFilter: TypeAlias = DeliveryState | DeadCause


class DeliveryOperation(StrEnum):
    """Operations on deliveries.

    Attributes:
        RETRY: Send the named deliveries now.
        REDRIVE: Send deliveries again that failed permanently.
        CANCEL: Send deliveries no more.
    """

    RETRY = "retry"
    REDRIVE = "redrive"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class DeliverySelection:
    """Deliveries that a request is about; fields that are None select all.

    Attributes:
        ids: Ids of deliveries.
        target: Target.
        model: MLflow's name of the model.
        since: Earliest time of the announcement.
        state: State, or cause of a dead delivery.
        sink: Sink.
    """

    ids: Collection[int] | None = None
    target: str | None = None
    model: str | None = None
    since: datetime | None = None
    state: StateFilter | None = None
    sink: Sink | None = None

    @property
    def is_everything(self) -> bool:
        """True if nothing limits the selection."""
        return self == DeliverySelection()


@dataclass(frozen=True, slots=True)
class DeliveryRequest:
    """Operation on selected deliveries.

    Attributes:
        operation: Operation.
        chosen: Deliveries.
        forced: True to send those again that the receiver accepted.
    """

    operation: DeliveryOperation
    chosen: DeliverySelection
    forced: bool = False

    @property
    def states(self) -> frozenset[DeliveryState]:
        """States of the deliveries that the operation applies to.

        A cancelled delivery is sent again only if the selection names its id or state; a
        message that is held or superseded, only if it names its id.
        """
        match self.operation:
            case DeliveryOperation.CANCEL:
                return frozenset(
                    {DeliveryState.PENDING, DeliveryState.HELD, DeliveryState.DEAD}
                )
            case DeliveryOperation.RETRY:
                found = {DeliveryState.PENDING, DeliveryState.DEAD}
            case DeliveryOperation.REDRIVE:
                found = {DeliveryState.DEAD}
        if self.chosen.ids or self.chosen.state is DeliveryState.CANCELLED:
            found.add(DeliveryState.CANCELLED)
        if self.chosen.ids:
            found |= {DeliveryState.HELD, DeliveryState.SUPERSEDED}
        if self.forced:
            found.add(DeliveryState.DELIVERED)
        return frozenset(found)


@dataclass(frozen=True, slots=True)
class DeliveryCount:
    """Number of deliveries to one sink of one target in one state."""

    target: str
    state: DeliveryState
    number: int
    sink: str = "webhook"


@dataclass(frozen=True, slots=True)
class DeliveryDetails:
    """One delivery with its attempts.

    Attributes:
        report: State of the delivery.
        attempts: Attempts, oldest first.
        payload: Body that is sent.
        breaker: Circuit breaker of the target.
        now: Time of the report, by the clock of the store.
    """

    report: DeliveryReport
    attempts: tuple[DeliveryAttempt, ...]
    payload: str
    breaker: Breaker
    now: datetime


class DeliveryOperations(Protocol):
    """Deliveries in the store, and requests about them. Raises DriverError."""

    def selected(
        self, chosen: DeliverySelection, limit: int
    ) -> tuple[DeliveryReport, ...]:
        """Return the latest of the ``chosen`` deliveries, newest first."""
        ...

    def details(self, delivery_id: int) -> DeliveryDetails | None:
        """Return one delivery with its attempts; None if it does not exist."""
        ...

    def preview(self, request: DeliveryRequest) -> tuple[DeliveryCount, ...]:
        """Return the numbers of deliveries that ``request`` would change."""
        ...

    def perform(
        self, request: DeliveryRequest, by: str, reason: str
    ) -> tuple[DeliveryCount, ...]:
        """Carry out ``request``, with a row in the audit log for each target.

        Safe to repeat. Returns the numbers of changed deliveries by their state before.
        """
        ...


def state_filter(word: str) -> StateFilter:
    """Return the filter that ``word`` names; raises ValueError for another word."""
    if word in set(DeliveryState):
        return DeliveryState(word)
    return DeadCause(word)


def refusal(request: DeliveryRequest) -> str:
    """Return the reason to refuse ``request``; empty to accept it."""
    chosen, operation = request.chosen, request.operation
    if operation is DeliveryOperation.RETRY and not chosen.ids:
        return "`retry` needs ids of deliveries; `redrive` and `cancel` accept filters"
    state = chosen.state
    if not isinstance(state, DeliveryState) or state in request.states:
        return ""
    if state is DeliveryState.DELIVERED and operation is not DeliveryOperation.CANCEL:
        return "the receiver accepted these deliveries: to send them again, add --force"
    if state is DeliveryState.PENDING:
        return "pending deliveries are sent without a request; `retry ID` sends one now"
    return f"`{operation}` does not apply to deliveries that are {state}"
