"""Transactional outbox: the deliveries table is the queue.

A worker claims rows for a limited time, records the start of an attempt, sends, and
records the result. If the worker dies in between, the claim expires and another
worker sends again. Delivery is therefore at least once; a repeat has the same event
id and is marked as a possible duplicate.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Update, func, insert, or_, select, update

from controller.core.webhooks.delivery import (
    GATEWAY,
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

# A claim that lasts longer than any claim may last was made by a clock that was ahead.
_LONGEST_CLAIM = timedelta(minutes=10)
STARTED, ANSWERED, UNANSWERED, UNKNOWN = "started", "answered", "unanswered", "unknown"


@dataclass(frozen=True, slots=True)
class OutboxDelivery:
    """One event to be sent to one target, claimed by one worker.

    Attributes:
        id: Id of the delivery.
        event_id: Id of the event, the same for every target and repeat.
        type: Type of the event.
        body: Bytes to sign and send.
        target: Name of the webhook target.
        attempts: Number of attempts started before.
        claim: Number that tells this claim from later ones.
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
    """One attempt at a delivery.

    Attributes:
        number: Number of the attempt, counted from 1.
        possible_duplicate: True if an earlier attempt with an unknown outcome may
            have arrived.
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
        """Claim up to ``limit`` due deliveries to ``target``, oldest first.

        No other worker can claim them before ``lease`` expires.
        """
        if not self._any_due(target):
            return ()
        with self._database.writing() as connection:
            now = self._database.now(connection)
            rows = connection.execute(
                self._claim_statement(target, limit, now).values(
                    claimed_by=worker,
                    claimed_until=now + lease,
                    claim=deliveries.c.claim + 1,
                )
            ).all()
            if not rows:
                return ()
            _mark_unknown(connection, [row.id for row in rows], now)
            events = _events(connection, {row.event_id for row in rows})
        claimed = [_delivery(row, *events[row.event_id, row.profile]) for row in rows]
        return tuple(sorted(claimed, key=lambda d: d.id))

    def start(self, delivery: OutboxDelivery, now: datetime) -> SendAttempt | None:
        """Record the start of an attempt; return None if the claim was lost."""
        number = delivery.attempts + 1
        counted = _update_claimed(delivery).values(attempts=number)
        with self._database.writing() as connection:
            if not connection.execute(counted).rowcount:
                return None
            duplicate = bool(
                connection.scalar(
                    select(func.count())
                    .select_from(attempts)
                    .where(attempts.c.delivery_id == delivery.id)
                    .where(
                        or_(
                            attempts.c.outcome == UNKNOWN,
                            attempts.c.status.in_(GATEWAY),
                        )
                    )
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

    def finish(
        self,
        delivery: OutboxDelivery,
        answer: Answer,
        step: NextStep,
        now: datetime,
        duration: timedelta,
    ) -> bool:
        """Record the result of the attempt and the next step in one transaction.

        Returns:
            False if the claim was lost: the attempt is recorded, and the next step
            is left to the worker that holds the claim.
        """
        with self._database.writing() as connection:
            connection.execute(
                update(attempts)
                .where(
                    attempts.c.delivery_id == delivery.id,
                    attempts.c.number == delivery.attempts + 1,
                )
                .values(
                    ended=now,
                    seconds=duration.total_seconds(),
                    **_answer_columns(answer),
                )
            )
            # `next_at` is compared with the store's clock, so it is set by it too.
            moment = self._database.now(connection)
            columns = _step_columns(step, answer, moment, now)
            unclaimed = {"claimed_by": None, "claimed_until": None}
            statement = _update_claimed(delivery).values(**unclaimed, **columns)
            return bool(connection.execute(statement).rowcount)

    def release(self, unsent: Sequence[OutboxDelivery]) -> None:
        """End the claims on ``unsent``; do nothing for claims that were lost."""
        unclaimed = {"claimed_by": None, "claimed_until": None}
        with self._database.writing() as connection:
            for delivery in unsent:
                connection.execute(_update_claimed(delivery).values(**unclaimed))

    def wait(self, targets: Collection[str]) -> timedelta | None:
        """Return the time until the next delivery to ``targets``, or None."""
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
        """Return True if a delivery is due, without the lock that a write takes."""
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
                deliveries.c.claimed_until.is_(None),
                deliveries.c.claimed_until <= now,
                deliveries.c.claimed_until > now + _LONGEST_CLAIM,
            ),
        )

    def _claim_statement(self, target: str, limit: int, now: datetime) -> Any:
        # A common table expression is evaluated once; PostgreSQL may run a sub-query
        # again and lock more than ``limit`` rows.
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


def _update_claimed(delivery: OutboxDelivery) -> Update:
    """Return an update of ``delivery`` that has no effect once the claim is lost."""
    return update(deliveries).where(
        deliveries.c.id == delivery.id, deliveries.c.claim == delivery.claim
    )


def _mark_unknown(connection: Connection, ids: Sequence[int], now: datetime) -> None:
    """Set the outcome of attempts whose worker died: they may have arrived."""
    connection.execute(
        update(attempts)
        .where(attempts.c.delivery_id.in_(ids), attempts.c.outcome == STARTED)
        .values(outcome=UNKNOWN, ended=now)
    )


def _events(
    connection: Connection, ids: set[str]
) -> dict[tuple[str, str], tuple[str, bytes]]:
    """Return type and body by event and payload profile.

    The previous version of the program writes no row into ``event_bodies``; it keeps
    the body of the default profile in the event.
    """
    event, bodies = webhook_events.c, event_bodies.c
    body = bodies.body.label("profile_body")
    query = (
        select(event.id, event.type, event.body, bodies.profile, body)
        .join_from(webhook_events, event_bodies, isouter=True)
        .where(event.id.in_(ids))
    )
    found: dict[tuple[str, str], tuple[str, bytes]] = {}
    for row in connection.execute(query):
        found.setdefault((row.id, DEFAULT_PROFILE), (row.type, bytes(row.body)))
        if row.profile is not None:
            found[row.id, row.profile] = row.type, bytes(row.profile_body)
    return found


def _answer_columns(answer: Answer) -> dict[str, Any]:
    match answer:
        case Answered(status):
            return {"outcome": ANSWERED, "status": status}
        case Unanswered(error, is_sent):
            return {"outcome": UNKNOWN if is_sent else UNANSWERED, "error": error}


def _step_columns(
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
        case Unanswered(error=error):
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
