"""What must be sent: one table is the queue, its rows are the truth.

A worker claims rows for a while, writes down that it starts, sends, and writes
down what came of it. If it dies in between, the claim runs out and another worker
sends again: at least once, the same id every time, and the repeat is marked.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Update, func, insert, or_, select, update

from controller.core.webhooks.delivery import (
    Answer,
    Answered,
    Dead,
    Delivered,
    DeliveryState,
    NextStep,
    RetryAt,
    Unanswered,
)
from controller.core.webhooks.event import DEFAULT_PROFILE
from controller.store.database import Database
from controller.store.tables import attempts, deliveries, event_bodies, webhook_events

STARTED, ANSWERED, UNANSWERED, UNKNOWN = "started", "answered", "unanswered", "unknown"


@dataclass(frozen=True, slots=True)
class OutboxDelivery:
    """One event to be sent to one target, claimed by one worker.

    Attributes:
        id: Of the delivery.
        event_id: The same for every target and repeat.
        type: Of the event.
        body: The bytes to sign and send.
        target: To whom.
        attempts: How many were started before.
        claim: Tells this claim from later ones.
    """

    id: int
    event_id: str
    type: str
    body: bytes
    target: str
    attempts: int
    claim: int


@dataclass(frozen=True, slots=True)
class SendAttempt:
    """One try at a delivery.

    Attributes:
        number: Counted from 1.
        possible_duplicate: Whether an earlier try may have arrived unnoticed.
    """

    number: int
    possible_duplicate: bool


class Outbox:
    """The deliveries of one sink, and every attempt at them."""

    def __init__(self, database: Database, sink: str = "webhook") -> None:
        self._database = database
        self._sink = sink

    def claim(
        self, worker: str, target: str, limit: int, lease: timedelta
    ) -> tuple[OutboxDelivery, ...]:
        """Claim up to ``limit`` due deliveries to ``target``, the oldest first.

        No other worker gets them before ``lease`` has run out.
        """
        if not self._any_due(target):
            return ()
        with self._database.writing() as connection:
            now = self._database.now(connection)
            rows = connection.execute(
                self._claiming(target, limit, now).values(
                    claimed_by=worker,
                    claimed_until=now + lease,
                    claim=deliveries.c.claim + 1,
                )
            ).all()
            if not rows:
                return ()
            _give_up_unended(connection, [row.id for row in rows], now)
            events = _events(connection, {row.event_id for row in rows})
        claimed = [_delivery(row, *events[row.event_id, row.profile]) for row in rows]
        return tuple(sorted(claimed, key=lambda d: d.id))

    def started(self, delivery: OutboxDelivery, now: datetime) -> SendAttempt | None:
        """Write down that an attempt starts; None if the claim was lost."""
        number = delivery.attempts + 1
        with self._database.writing() as connection:
            if not connection.execute(_own(delivery).values(attempts=number)).rowcount:
                return None
            duplicate = bool(
                connection.scalar(
                    select(func.count())
                    .select_from(attempts)
                    .where(attempts.c.delivery_id == delivery.id)
                    .where(attempts.c.outcome == UNKNOWN)
                )
            )
            connection.execute(
                insert(attempts).values(
                    delivery_id=delivery.id,
                    number=number,
                    outcome=STARTED,
                    started=now,
                    possible_duplicate=duplicate,
                )
            )
        return SendAttempt(number, duplicate)

    def finished(
        self,
        delivery: OutboxDelivery,
        answer: Answer,
        step: NextStep,
        now: datetime,
        duration: timedelta,
    ) -> bool:
        """Write down what came of the attempt, and what follows, at once.

        Returns False if the claim was lost: the attempt is kept, what follows is
        up to the worker that claimed it since.
        """
        with self._database.writing() as connection:
            connection.execute(
                update(attempts)
                .where(
                    attempts.c.delivery_id == delivery.id,
                    attempts.c.number == delivery.attempts + 1,
                )
                .values(ended=now, seconds=duration.total_seconds(), **_told(answer))
            )
            # The wait counts from the store's clock, by which it is judged due.
            moment = self._database.now(connection)
            follows = _after(step, answer, moment, now)
            free = {"claimed_by": None, "claimed_until": None}
            done = connection.execute(_own(delivery).values(**free, **follows))
            return bool(done.rowcount)

    def released(self, unsent: Sequence[OutboxDelivery]) -> None:
        """Give back what was claimed and not started, for anyone to claim."""
        with self._database.writing() as connection:
            for delivery in unsent:
                statement = _own(delivery).values(claimed_by=None, claimed_until=None)
                connection.execute(statement)

    def take_over(self, worker: str) -> int:
        """Free what others have claimed, and return how much that was.

        For the only worker there is, when it starts: who claimed before it is
        dead, and waiting for the claims to run out would delay what they left.
        """
        with self._database.writing() as connection:
            freed = connection.execute(
                update(deliveries)
                .where(
                    deliveries.c.state == DeliveryState.PENDING.value,
                    deliveries.c.sink == self._sink,
                    deliveries.c.claimed_by.is_not(None),
                    deliveries.c.claimed_by != worker,
                )
                .values(claimed_by=None, claimed_until=None)
            )
            return freed.rowcount

    def wait(self, targets: Collection[str]) -> timedelta | None:
        """Return how long until something is due to one of ``targets``, if ever."""
        waiting = func.coalesce(deliveries.c.claimed_until, deliveries.c.next_at)
        query = select(func.min(waiting)).where(
            deliveries.c.state == DeliveryState.PENDING.value,
            deliveries.c.sink == self._sink,
            deliveries.c.target.in_(targets),
        )
        with self._database.reading() as connection:
            due: datetime | None = connection.scalar(query)
            if due is None:
                return None
            return max(due - self._database.now(connection), timedelta(0))

    def _any_due(self, target: str) -> bool:
        """Look before asking for the one writer's place."""
        with self._database.reading() as connection:
            now = self._database.now(connection)
            query = select(deliveries.c.id).where(*self._due(target, now)).limit(1)
            return connection.scalar(query) is not None

    def _due(self, target: str, now: datetime) -> tuple[Any, ...]:
        return (
            deliveries.c.target == target,
            deliveries.c.sink == self._sink,
            deliveries.c.state == DeliveryState.PENDING.value,
            deliveries.c.next_at <= now,
            or_(
                deliveries.c.claimed_until.is_(None), deliveries.c.claimed_until <= now
            ),
        )

    def _claiming(self, target: str, limit: int, now: datetime) -> Any:
        # As a common table expression it is evaluated once; as a sub-query
        # PostgreSQL may run it again and lock more than ``limit`` rows.
        due = (
            select(deliveries.c.id)
            .where(*self._due(target, now))
            .order_by(deliveries.c.next_at, deliveries.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
            .cte("due")
        )
        return (
            update(deliveries)
            .where(deliveries.c.id.in_(select(due.c.id)))
            .returning(deliveries)
        )


def _own(delivery: OutboxDelivery) -> Update:
    """Return an update of ``delivery`` that does nothing once the claim is lost."""
    return update(deliveries).where(
        deliveries.c.id == delivery.id, deliveries.c.claim == delivery.claim
    )


def _give_up_unended(connection: Connection, ids: Sequence[int], now: datetime) -> None:
    """Mark the attempts whose worker died as unknown: they may have arrived."""
    connection.execute(
        update(attempts)
        .where(attempts.c.delivery_id.in_(ids), attempts.c.outcome == STARTED)
        .values(outcome=UNKNOWN, ended=now)
    )


def _events(
    connection: Connection, ids: set[str]
) -> dict[tuple[str, str], tuple[str, bytes]]:
    """Return type and body by event and payload profile.

    The version before writes no row into ``event_bodies``: the body of the default
    profile is in the event itself.
    """
    event, own = webhook_events.c, event_bodies.c
    query = (
        select(event.id, event.type, event.body, own.profile, own.body.label("own"))
        .join_from(webhook_events, event_bodies, isouter=True)
        .where(event.id.in_(ids))
    )
    found: dict[tuple[str, str], tuple[str, bytes]] = {}
    for row in connection.execute(query):
        found.setdefault((row.id, DEFAULT_PROFILE), (row.type, bytes(row.body)))
        if row.profile is not None:
            found[row.id, row.profile] = row.type, bytes(row.own)
    return found


def _told(answer: Answer) -> dict[str, Any]:
    match answer:
        case Answered(status):
            return {"outcome": ANSWERED, "status": status}
        case Unanswered(error):
            return {"outcome": UNANSWERED, "error": error}


def _after(
    step: NextStep, answer: Answer, moment: datetime, now: datetime
) -> dict[str, Any]:
    match step:
        case Delivered():
            state, reason = DeliveryState.DELIVERED, ""
        case Dead(reason):
            state = DeliveryState.DEAD
        case RetryAt(at):
            due = moment + max(at - now, timedelta(0))
            return {"next_at": due, "reason": _failure(answer)}
    return {"state": state.value, "ended": moment, "reason": reason}


def _failure(answer: Answer) -> str:
    match answer:
        case Answered(status):
            return f"the receiver answered {status}"
        case Unanswered(error):
            return error


def _delivery(row: Any, type_: str, body: bytes) -> OutboxDelivery:
    return OutboxDelivery(
        id=row.id,
        event_id=row.event_id,
        type=type_,
        body=body,
        target=row.target,
        attempts=row.attempts,
        claim=row.claim,
    )
