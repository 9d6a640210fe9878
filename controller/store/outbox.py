"""Transactional outbox: the deliveries table is the queue.

A worker claims rows for a limited time, records the start of an attempt, sends, and
records the result. If the worker dies in between, the claim expires and another
worker sends again. Delivery is therefore at least once; a repeat has the same event
id and is marked as a possible duplicate.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Integer, bindparam, func, or_, select, update

from controller.core.webhooks.body_expression import UNDERIVED
from controller.core.webhooks.breaker import (
    CLOSED,
    Breaker,
    BreakerPolicy,
)
from controller.core.webhooks.delivery import (
    DeliveryState,
)
from controller.core.webhooks.event import DEFAULT_PROFILE
from controller.core.webhooks.retry_schedule import DeliveryProgress
from controller.store.attempts import (
    AttemptResult,
    OutboxDelivery,
    SendAttempt,
    mark_unknown,
    record_results,
    start_attempts,
    update_claimed,
)
from controller.store.breakers import (
    LONGEST_CLAIM,
    begin_probe,
    breaker_key,
    breaker_of,
    breakers_of,
    close_breaker,
    configure,
    end_probe,
)
from controller.store.database import Database
from controller.store.delivery_states import in_state
from controller.store.held_deliveries import has_held, settle_held
from controller.store.redrive import expire, redrive_dead
from controller.store.sql import json_parameter, json_rows
from controller.store.tables import deliveries, event_bodies, webhook_events
from controller.store.target_records import (
    clear_secret_error,
    has_secret_error,
    record_secret_error,
)

_MANY = 1_000_000


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
            values = {"count": count, "worker": worker, "until": now + lease}
            due = self._due(now)
            rows = connection.execute(_CLAIM, {"to": target, **due, **values}).all()
            if not rows:
                if is_probe:
                    end_probe(connection, key)
                return ()
            mark_unknown(connection, [row.id for row in rows if row.attempts], now)
            events = _events(connection, {row.event_id for row in rows})
        claimed = [
            _delivery(target, tuple(row), events, is_probe=is_probe) for row in rows
        ]
        return tuple(sorted(claimed, key=lambda d: d.id))

    def keep_body(self, delivery: OutboxDelivery, body: bytes) -> None:
        """Store the body of a delivery whose expression failed before.

        Safe to repeat: a stored body never changes.
        """
        bodies = event_bodies.c
        with self._database.writing(fenced=False) as connection:
            connection.execute(
                update(event_bodies)
                .where(
                    bodies.event_id == delivery.event_id,
                    bodies.profile == delivery.profile,
                    bodies.body == UNDERIVED,
                )
                .values(body=body)
            )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Begin a transaction that the calls of this thread in the block join.

        Raises:
            ControllerError: The store cannot be used; nothing is changed.
        """
        with self._database.writing(fenced=False):
            yield

    def start_all(
        self, claimed: Sequence[OutboxDelivery], now: datetime
    ) -> dict[int, SendAttempt]:
        """Record the start of an attempt at each of ``claimed``.

        Returns:
            Attempts by the id of the delivery, without those whose claim was lost.
        """
        with self._database.writing(fenced=False) as connection:
            return start_attempts(connection, claimed, now)

    def finish_all(self, results: Sequence[AttemptResult]) -> list[bool]:
        """Record the results of attempts and the next steps in one transaction.

        Safe to repeat, as after a commit whose reply was lost.

        Returns:
            False for each whose claim was lost: the attempt is recorded, and the next
            step is left to the worker that holds the claim.
        """
        with self._database.writing(fenced=False) as connection:
            # `next_at` is compared with the store's clock, so it is set by it too.
            moment = self._database.now(connection)
            return record_results(
                connection, results, moment, self._sink, self._breakers
            )

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

    def release(self, unsent: Sequence[OutboxDelivery]) -> None:
        """End the claims on ``unsent``; do nothing for claims that were lost."""
        unclaimed = {"claimed_by": None, "claimed_until": None}
        with self._database.writing(fenced=False) as connection:
            for delivery in unsent:
                connection.execute(update_claimed(delivery).values(**unclaimed))

    def due_targets(
        self, targets: Collection[str], busy: Mapping[str, int] | None = None
    ) -> tuple[str, ...]:
        """Return the ``targets`` to which an attempt may be claimed now.

        Args:
            targets: Targets.
            busy: Number of attempts in progress, by target; one whose breaker allows no
                more is left out.
        """
        if not targets:
            return ()
        with self._database.reading() as connection:
            now = self._database.now(connection)
            breakers = self._breakers_of(connection, targets)
            open_to = [
                (name,)
                for name in targets
                if _due_at(name, now, breakers, busy or {}, now) == now
            ]
            values = {"targets": json_parameter(connection, open_to)}
            due = set(connection.scalars(_DUE_TARGETS, self._due(now) | values))
        return tuple(name for name in targets if name in due)

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
            breakers = self._breakers_of(connection, targets)
        dues = [
            due
            for target, earliest in rows
            if (due := _due_at(target, earliest, breakers, busy or {}, now)) is not None
        ]
        return max(min(dues) - now, timedelta(0)) if dues else None

    def _breakers_of(
        self, connection: Connection, targets: Collection[str]
    ) -> dict[str, tuple[Breaker, datetime | None]]:
        keys = {breaker_key(name, self._sink): name for name in targets}
        found = breakers_of(connection, keys)
        return {keys[key]: breaker for key, breaker in found.items()}

    def _due(self, now: datetime) -> dict[str, Any]:
        """Return the parameters of statements on due deliveries."""
        latest = now + LONGEST_CLAIM
        return {"by": self._sink, "now": now, "latest": latest}


# Statements are built once: that takes longer than executing them.
_IS_DUE = (
    deliveries.c.sink == bindparam("by"),
    *in_state(DeliveryState.PENDING),
    deliveries.c.next_at <= bindparam("now"),
    or_(
        deliveries.c.claimed_until.is_(None),
        deliveries.c.claimed_until <= bindparam("now"),
        deliveries.c.claimed_until > bindparam("latest"),
    ),
)
_DUE = deliveries.c.target == bindparam("to"), *_IS_DUE
(_TARGET,) = json_rows("targets", deliveries.c.target.type)
_DUE_TARGETS = select(_TARGET).where(
    select(deliveries.c.id).where(deliveries.c.target == _TARGET, *_IS_DUE).exists()
)
# A common table expression is evaluated once; PostgreSQL may run a sub-query again and
# lock more rows than asked for.
_FIRST = (
    select(deliveries.c.id)
    .where(*_DUE)
    .order_by(deliveries.c.next_at, deliveries.c.id)
    .limit(bindparam("count", type_=Integer))
    .with_for_update(skip_locked=True)
    .cte("due")
)
_CLAIM = (
    update(deliveries)
    .where(deliveries.c.id.in_(select(_FIRST.c.id)))
    .values(
        claimed_by=bindparam("worker"),
        claimed_until=bindparam("until"),
        claim=deliveries.c.claim + 1,
    )
    .returning(
        deliveries.c.id,
        deliveries.c.event_id,
        deliveries.c.profile,
        deliveries.c.attempts,
        deliveries.c.claim,
        deliveries.c.charged,
        func.coalesce(deliveries.c.begun, deliveries.c.recorded).label("begun"),
    )
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
    is_probed = probe_until is not None and probe_until <= now + LONGEST_CLAIM
    if breaker.open_until is not None and probe_until is not None and is_probed:
        blocked = max(blocked or probe_until, probe_until)
    if blocked is None and breaker.allowance(now, _MANY) <= busy.get(target, 0):
        return None
    return max(earliest, blocked) if blocked else earliest


@dataclass(frozen=True, slots=True)
class _Event:
    """Type, subject and one body of an event."""

    type: str
    subject: str
    body: bytes


(_EVENT_ID,) = json_rows("events", webhook_events.c.id.type)
_EVENTS = (
    select(
        webhook_events.c.id,
        webhook_events.c.type,
        webhook_events.c.model,
        webhook_events.c.body,
        event_bodies.c.profile,
        event_bodies.c.body.label("profile_body"),
    )
    .join_from(webhook_events, event_bodies, isouter=True)
    .where(webhook_events.c.id.in_(select(_EVENT_ID)))
)


def _events(
    connection: Connection, ids: Collection[str]
) -> dict[tuple[str, str], _Event]:
    """Return events by id and payload profile.

    The previous version of the program writes no row into ``event_bodies``; it keeps
    the body of the default profile in the event.
    """
    found: dict[tuple[str, str], _Event] = {}
    values = {"events": json_parameter(connection, [(id_,) for id_ in ids])}
    for id_, type_, model, body, profile, own in connection.execute(_EVENTS, values):
        if (id_, DEFAULT_PROFILE) not in found:
            found[id_, DEFAULT_PROFILE] = _Event(type_, model, bytes(body))
        if profile is not None:
            found[id_, profile] = _Event(type_, model, bytes(own))
    return found


def _delivery(
    target: str,
    row: tuple[Any, ...],
    events: Mapping[tuple[str, str], _Event],
    *,
    is_probe: bool,
) -> OutboxDelivery:
    """Return the delivery of a row of ``_CLAIM``."""
    id_, event_id, profile, attempts, claim, charged, begun = row
    event = events[event_id, profile]
    return OutboxDelivery(
        id=id_,
        event_id=event_id,
        type=event.type,
        body=event.body,
        target=target,
        attempts=attempts,
        claim=claim,
        progress=DeliveryProgress(charged, begun, is_probe),
        profile=profile,
        payload=events[event_id, DEFAULT_PROFILE].body,
        subject=event.subject,
    )
