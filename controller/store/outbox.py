"""Transactional outbox: the deliveries table is the queue.

A worker claims rows for a limited time, records the start of an attempt, sends, and
records the result. If the worker dies in between, the claim expires and another
worker sends again. Delivery is therefore at least once; a repeat has the same event
id and is marked as a possible duplicate.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Update, func, insert, or_, select, update

from controller.core.webhooks.answers import (
    GATEWAY,
    Answer,
    Answered,
    AnswerMeaning,
    NotPermitted,
    Queued,
    Unanswered,
    failure,
    meaning_of,
)
from controller.core.webhooks.breaker import (
    CLOSED,
    Breaker,
    BreakerPolicy,
    after_block,
    after_failure,
    after_postponement,
    after_success,
    has_recovered,
)
from controller.core.webhooks.delivery import (
    Dead,
    Delivered,
    DeliveryState,
    NextStep,
    RetryAt,
    TargetGone,
)
from controller.core.webhooks.event import DEFAULT_PROFILE
from controller.core.webhooks.retry_schedule import DeliveryProgress
from controller.store.breakers import (
    begin_probe,
    breaker_key,
    breaker_of,
    breakers_of,
    close_breaker,
    configure,
    end_probe,
    save_breaker,
)
from controller.store.database import Database
from controller.store.delivery_states import BLOCKED, in_state, state_of
from controller.store.held_deliveries import has_held, settle_held
from controller.store.redrive import expire, redrive_dead, redrive_exhausted
from controller.store.tables import attempts, deliveries, event_bodies, webhook_events
from controller.store.target_records import (
    clear_secret_error,
    has_secret_error,
    record_secret_error,
)

# A claim that lasts longer than any claim may last was made by a clock that was ahead.
_LONGEST_CLAIM = timedelta(minutes=10)
_MANY = 1_000_000
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
        progress: Position in its retry schedule.
        profile: Payload profile of the body.
    """

    id: int
    event_id: str
    type: str
    body: bytes
    target: str
    attempts: int
    claim: int
    progress: DeliveryProgress
    profile: str = DEFAULT_PROFILE


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
    """The deliveries of one sink, and every attempt at them.

    A claim is what permits to write, not the lease of the leader: any process delivers.

    Args:
        database: Store.
        sink: Sink of the deliveries.
        breakers: Limits of the targets' circuit breakers.
    """

    def __init__(
        self,
        database: Database,
        sink: str = "webhook",
        breakers: BreakerPolicy | None = None,
    ) -> None:
        self._database = database
        self._sink = sink
        self._breakers = breakers or BreakerPolicy()

    def claim(
        self, worker: str, target: str, limit: int, lease: timedelta, *, busy: int = 0
    ) -> tuple[OutboxDelivery, ...]:
        """Claim due deliveries to ``target``, oldest first.

        No other worker can claim them before ``lease`` expires.

        Args:
            worker: Name of the worker.
            target: Target.
            limit: Maximum number of concurrent attempts; its breaker may allow fewer.
            lease: Duration of the claim.
            busy: Number of attempts of this worker to the target in progress.
        """
        if not self._any_due(target):
            return ()
        with self._database.writing(fenced=False) as connection:
            now = self._database.now(connection)
            key = breaker_key(target, self._sink)
            breaker = breaker_of(connection, key)
            count = breaker.allowance(now, limit) - busy
            is_probe = breaker.open_until is not None
            if count <= 0 or (
                is_probe and not begin_probe(connection, key, now, lease)
            ):
                return ()
            rows = connection.execute(
                self._claim_statement(target, count, now).values(
                    claimed_by=worker,
                    claimed_until=now + lease,
                    claim=deliveries.c.claim + 1,
                )
            ).all()
            if not rows:
                if is_probe:
                    end_probe(connection, key)
                return ()
            _mark_unknown(connection, [row.id for row in rows], now)
            events = _events(connection, {row.event_id for row in rows})
        claimed = [
            _delivery(row, *events[row.event_id, row.profile], is_probe=is_probe)
            for row in rows
        ]
        return tuple(sorted(claimed, key=lambda d: d.id))

    def start(self, delivery: OutboxDelivery, now: datetime) -> SendAttempt | None:
        """Record the start of an attempt; return None if the claim was lost."""
        number = delivery.attempts + 1
        counted = _update_claimed(delivery).values(attempts=number)
        with self._database.writing(fenced=False) as connection:
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
        with self._database.writing(fenced=False) as connection:
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
            if not isinstance(step, Delivered) and _is_cancelled(connection, delivery):
                # It stays cancelled: a failure does not make it pending or dead.
                columns = {}
            unclaimed = {"claimed_by": None, "claimed_until": None}
            statement = _update_claimed(delivery).values(**unclaimed, **columns)
            is_ours = bool(connection.execute(statement).rowcount)
            self._update_breaker(connection, delivery.target, answer, step, moment, now)
            return is_ours

    def configure(self, target: str, settings: str) -> int:
        """Record the settings of ``target``; if they changed, start again.

        Its breaker closes, and what failed permanently is sent to the new address, or
        with the new secrets or payload. Safe to repeat.

        Returns:
            Number of deliveries that are sent again.
        """
        with self._database.writing(fenced=False) as connection:
            key, sink = breaker_key(target, self._sink), self._sink
            now = self._database.now(connection)
            if not configure(connection, key, settings, now):
                return 0
            close_breaker(connection, key)
            return redrive_dead(connection, target, sink, now)

    def settle_held(self, target: str, longer_than: timedelta) -> int:
        """Release or end deliveries that wait for the failure of the webhook.

        Those of an accepted webhook end. Those of a dead one are released, and all when
        the breaker of the webhook has been open for ``longer_than``. Safe to repeat.

        Returns:
            Number of deliveries that are released.
        """
        with self._database.reading() as connection:
            if not has_held(connection, target):
                return 0
        with self._database.writing(fenced=False) as connection:
            now = self._database.now(connection)
            return settle_held(connection, target, longer_than, now)

    def report_secret_error(self, target: str, error: str) -> None:
        """Record that a secret of ``target`` cannot be read. Safe to repeat."""
        key = breaker_key(target, self._sink)
        with self._database.writing(fenced=False) as connection:
            now = self._database.now(connection)
            record_secret_error(connection, key, error, now)

    def report_secret_read(self, target: str, lifetime: timedelta) -> bool:
        """Remove the record of an unreadable secret; only a read if there is none.

        Returns:
            False if a record stays: a process repeated it within ``lifetime``.
        """
        key = breaker_key(target, self._sink)
        with self._database.reading() as connection:
            if not has_secret_error(connection, key):
                return True
        with self._database.writing(fenced=False) as connection:
            now = self._database.now(connection)
            return clear_secret_error(connection, key, now, lifetime)

    def expire(self, target: str, before: datetime, reason: str) -> int:
        """Give up the deliveries whose schedule began at ``before`` or earlier.

        Returns their number. Those with a claim are left to their worker.
        """
        with self._database.writing(fenced=False) as connection:
            now = self._database.now(connection)
            return expire(connection, target, self._sink, before, reason, now)

    def _update_breaker(
        self,
        connection: Connection,
        target: str,
        answer: Answer,
        step: NextStep,
        moment: datetime,
        now: datetime,
    ) -> None:
        """Store what the answer means for the target's breaker.

        If it closes, the deliveries that failed meanwhile are sent again.
        """
        key = breaker_key(target, self._sink)
        before = breaker_of(connection, key)
        if self._breaker_after(before, answer, step, moment, now) == before:
            return
        before = breaker_of(connection, key, changes=True)
        after = self._breaker_after(before, answer, step, moment, now)
        save_breaker(connection, key, after)
        if has_recovered(before, after):
            redrive_exhausted(connection, target, self._sink, moment)

    def _breaker_after(
        self,
        breaker: Breaker,
        answer: Answer,
        step: NextStep,
        moment: datetime,
        now: datetime,
    ) -> Breaker:
        match step, meaning_of(answer):
            case TargetGone(reason), _:
                return replace(breaker, disabled=reason)
            case _, AnswerMeaning.ACCEPTED:
                return after_success(breaker)
            case _, AnswerMeaning.TRANSIENT:
                return after_failure(self._breakers, breaker, moment)
            case _, AnswerMeaning.NOT_PERMITTED:
                return after_block(breaker, moment)
            case RetryAt(at), AnswerMeaning.POSTPONED:
                return after_postponement(breaker, moment + max(at - now, timedelta(0)))
            case _:
                return breaker

    def release(self, unsent: Sequence[OutboxDelivery]) -> None:
        """End the claims on ``unsent``; do nothing for claims that were lost."""
        unclaimed = {"claimed_by": None, "claimed_until": None}
        with self._database.writing(fenced=False) as connection:
            for delivery in unsent:
                connection.execute(_update_claimed(delivery).values(**unclaimed))

    def wait(
        self, targets: Collection[str], busy: Mapping[str, int] | None = None
    ) -> timedelta | None:
        """Return the time until the next delivery to ``targets``, or None.

        Args:
            targets: Targets.
            busy: Number of attempts in progress, by target; one whose breaker allows no
                more is left out.
        """
        waiting = func.coalesce(deliveries.c.claimed_until, deliveries.c.next_at)
        query = (
            select(deliveries.c.target, func.min(waiting))
            .where(
                *in_state(DeliveryState.PENDING),
                deliveries.c.sink == self._sink,
                deliveries.c.target.in_(targets),
            )
            .group_by(deliveries.c.target)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
            if not rows:
                return None
            now = self._database.now(connection)
            keys = {breaker_key(name, self._sink): name for name in targets}
            found = breakers_of(connection, keys)
            breakers = {keys[key]: breaker for key, breaker in found.items()}
        dues = [
            due
            for target, earliest in rows
            if (due := _due_at(target, earliest, breakers, busy or {}, now)) is not None
        ]
        return max(min(dues) - now, timedelta(0)) if dues else None

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
            *in_state(DeliveryState.PENDING),
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


def _due_at(
    target: str,
    earliest: datetime,
    breakers: Mapping[str, tuple[Breaker, datetime | None]],
    busy: Mapping[str, int],
    now: datetime,
) -> datetime | None:
    """Return the time of the next claim for ``target``; None if its breaker has none."""
    breaker, probe_until = breakers.get(target, (CLOSED, None))
    if breaker.disabled:
        return None
    blocked = breaker.blocked_until(now)
    if breaker.open_until is not None and probe_until is not None:
        blocked = max(blocked or probe_until, probe_until)
    if blocked is None and breaker.allowance(now, _MANY) <= busy.get(target, 0):
        return None
    return max(earliest, blocked) if blocked else earliest


def _update_claimed(delivery: OutboxDelivery) -> Update:
    """Return an update of ``delivery`` that has no effect once the claim is lost."""
    return update(deliveries).where(
        deliveries.c.id == delivery.id, deliveries.c.claim == delivery.claim
    )


def _is_cancelled(connection: Connection, delivery: OutboxDelivery) -> bool:
    """Return True if ``delivery`` was cancelled; locks its row, so that this stays."""
    columns = deliveries.c.state, deliveries.c.cause
    query = select(*columns).where(deliveries.c.id == delivery.id).with_for_update()
    return state_of(connection.execute(query).one()) is DeliveryState.CANCELLED


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
        case Queued():
            return {"outcome": ANSWERED}
        case NotPermitted(reason):
            return {"outcome": UNANSWERED, "error": reason}


def _step_columns(
    step: NextStep, answer: Answer, moment: datetime, now: datetime
) -> dict[str, Any]:
    match step:
        case Delivered():
            return {
                "state": DeliveryState.DELIVERED.value,
                "ended": moment,
                "reason": "",
                "cause": "",
            }
        case Dead(reason, cause):
            return {
                "state": DeliveryState.DEAD.value,
                "ended": moment,
                "reason": reason,
                "cause": cause.value,
            }
        case RetryAt(at, is_charged):
            return {
                "next_at": moment + max(at - now, timedelta(0)),
                "reason": failure(answer),
                "cause": _pending_cause(answer),
                "charged": deliveries.c.charged + int(is_charged),
            }
        case TargetGone(reason):
            return {
                "next_at": moment,
                "reason": reason,
                "cause": _pending_cause(answer),
            }


def _pending_cause(answer: Answer) -> str:
    """Return the cause of a delivery that stays pending."""
    return BLOCKED if isinstance(answer, NotPermitted) else ""


def _delivery(row: Any, type_: str, body: bytes, *, is_probe: bool) -> OutboxDelivery:
    begun = row.recorded if row.begun is None else row.begun
    return OutboxDelivery(
        id=row.id,
        event_id=row.event_id,
        type=type_,
        body=body,
        target=row.target,
        attempts=row.attempts,
        claim=row.claim,
        progress=DeliveryProgress(row.charged, begun, is_probe),
        profile=row.profile,
    )
