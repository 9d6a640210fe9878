"""Attempts at deliveries: their starts, and their results with all consequences.

Every function joins the transaction of its caller, so that a worker records many
attempts at once: a commit takes longer than a request to a receiver that is near.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    Update,
    bindparam,
    insert,
    or_,
    select,
    tuple_,
    update,
)

from controller.core.webhooks.answers import (
    GATEWAY,
    Answer,
    Answered,
    AnswerMeaning,
    AwsAccepted,
    AwsRefused,
    NotDerived,
    NotPermitted,
    Queued,
    Unanswered,
    failure,
    meaning_of,
)
from controller.core.webhooks.breaker import (
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
from controller.core.webhooks.rotation import is_unauthorized
from controller.store.breakers import (
    breaker_key,
    breaker_of,
    end_probe,
    save_breaker,
)
from controller.store.delivery_states import BLOCKED, state_of
from controller.store.redrive import redrive_exhausted
from controller.store.secret_rotations import count_refusals
from controller.store.tables import attempts, deliveries

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
        payload: Body of the default profile, from which a target derives its own.
        subject: Model or resource that the event is about.
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
    payload: bytes = b""
    subject: str = ""


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


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """Result of one attempt that has ended.

    Attributes:
        delivery: Claimed delivery.
        answer: Answer of the receiver.
        step: Next step of the delivery.
        now: Time of the answer.
        duration: Time until the answer.
    """

    delivery: OutboxDelivery
    answer: Answer
    step: NextStep
    now: datetime
    duration: timedelta


def start_attempts(
    connection: Connection, claimed: Sequence[OutboxDelivery], now: datetime
) -> dict[int, SendAttempt]:
    """Record the start of an attempt at each of ``claimed``; see ``Outbox.start_all``."""
    kept = set(connection.scalars(_COUNTED, {"claims": _claims(claimed)}))
    repeats = [d.id for d in claimed if d.id in kept and d.attempts]
    duplicates = _may_have_arrived(connection, repeats)
    started = {
        delivery.id: SendAttempt(delivery.attempts + 1, delivery.id in duplicates)
        for delivery in claimed
        if delivery.id in kept
    }
    if started:
        connection.execute(
            insert(attempts),
            [
                {
                    "delivery_id": id_,
                    "number": attempt.number,
                    "outcome": STARTED,
                    "started": now,
                    "possible_duplicate": attempt.possible_duplicate,
                }
                for id_, attempt in started.items()
            ],
        )
    return started


def record_results(
    connection: Connection,
    results: Sequence[AttemptResult],
    moment: datetime,
    sink: str,
    policy: BreakerPolicy,
) -> list[bool]:
    """Record results, next steps and breakers; see ``Outbox.finish_all``.

    Args:
        connection: Transaction.
        results: Results, in the order in which the attempts ended.
        moment: Time of the store.
        sink: Sink of the deliveries.
        policy: Limits of the circuit breakers.
    """
    every, results = results, _not_recorded(connection, results)
    if results:
        connection.execute(_ENDED, [_ended_row(result) for result in results])
    delivered = [r for r in results if isinstance(r.step, Delivered)]
    ours = _deliver(connection, [r.delivery for r in delivered], moment)
    for result in results:
        if not isinstance(step := result.step, Delivered):
            ours |= _step(connection, result, step, moment)
    by_target: dict[str, list[AttemptResult]] = defaultdict(list)
    for result in results:
        by_target[result.delivery.target].append(result)
    for target, some in by_target.items():
        _update_breaker(connection, target, sink, some, moment, policy)
        refused = [r.now - r.duration for r in some if is_unauthorized(r.answer)]
        if refused:
            count_refusals(connection, target, refused)
    recorded = {r.delivery.id for r in every} - {r.delivery.id for r in results}
    return [result.delivery.id in ours | recorded for result in every]


def _not_recorded(
    connection: Connection, results: Sequence[AttemptResult]
) -> list[AttemptResult]:
    """Return ``results`` without those of an earlier call whose reply was lost.

    Only a result has a duration; an attempt whose worker died has none.
    """
    numbers = [(r.delivery.id, r.delivery.attempts + 1) for r in results]
    if not numbers:
        return []
    recorded = set(connection.scalars(_RECORDED, {"numbers": numbers}))
    return [r for r in results if r.delivery.id not in recorded]


# Statements are built once: that takes longer than executing them. They change those of
# ``claims`` that were not lost.
_CLAIMED = tuple_(deliveries.c.id, deliveries.c.claim).in_(
    bindparam("claims", expanding=True)
)
_UNCLAIMED = {"claimed_by": None, "claimed_until": None}
_COUNTED = (
    update(deliveries)
    .where(_CLAIMED)
    .values(attempts=deliveries.c.attempts + 1)
    .returning(deliveries.c.id)
)
_DELIVERED = (
    update(deliveries)
    .where(_CLAIMED)
    .values(
        **_UNCLAIMED,
        state=DeliveryState.DELIVERED.value,
        ended=bindparam("ended"),
        reason="",
        cause="",
    )
    .returning(deliveries.c.id)
)
_RECORDED = select(attempts.c.delivery_id).where(
    tuple_(attempts.c.delivery_id, attempts.c.number).in_(
        bindparam("numbers", expanding=True)
    ),
    attempts.c.seconds.is_not(None),
)
# One statement for answers of every kind: columns that an answer does not have are empty.
_ENDED = (
    update(attempts)
    .where(
        attempts.c.delivery_id == bindparam("of_delivery"),
        attempts.c.number == bindparam("of_number"),
    )
    .values(
        ended=bindparam("ended"),
        seconds=bindparam("seconds"),
        outcome=bindparam("outcome"),
        status=bindparam("status"),
        error=bindparam("error"),
    )
)


def _ended_row(result: AttemptResult) -> dict[str, Any]:
    return {
        "of_delivery": result.delivery.id,
        "of_number": result.delivery.attempts + 1,
        "ended": result.now,
        "seconds": result.duration.total_seconds(),
        "status": None,
        "error": "",
        **_answer_columns(result.answer),
    }


def _deliver(
    connection: Connection, accepted: Sequence[OutboxDelivery], moment: datetime
) -> set[int]:
    """End accepted deliveries, also cancelled ones; return those with a claim."""
    if not accepted:
        return set()
    values = {"claims": _claims(accepted), "ended": moment}
    return set(connection.scalars(_DELIVERED, values))


def _step(
    connection: Connection,
    result: AttemptResult,
    step: Dead | RetryAt | TargetGone,
    moment: datetime,
) -> set[int]:
    """Store the next step of one delivery; return its id, or nothing without a claim."""
    delivery = result.delivery
    columns = _step_columns(step, result.answer, moment, result.now)
    if _is_cancelled(connection, delivery):
        # It stays cancelled: a failure does not make it pending or dead.
        columns = {}
    statement = update_claimed(delivery).values(**_UNCLAIMED, **columns)
    return {delivery.id} if connection.execute(statement).rowcount else set()


def _update_breaker(
    connection: Connection,
    target: str,
    sink: str,
    results: Sequence[AttemptResult],
    moment: datetime,
    policy: BreakerPolicy,
) -> None:
    """Store the consequences of answers for the breaker of their target.

    If it closes, the deliveries that failed meanwhile are sent again.
    """
    key = breaker_key(target, sink)
    stored = breaker_of(connection, key)
    if all(breaker == stored for breaker in _breakers(stored, results, moment, policy)):
        if any(result.delivery.progress.is_probe for result in results):
            # The receiver answered, but not so that its breaker changes.
            end_probe(connection, key)
        return
    before = breaker_of(connection, key, changes=True)
    recovered = False
    for after in _breakers(before, results, moment, policy):
        recovered |= has_recovered(before, after)
        before = after
    save_breaker(connection, key, before)
    if recovered:
        redrive_exhausted(connection, target, sink, moment)


def _breakers(
    breaker: Breaker,
    results: Sequence[AttemptResult],
    moment: datetime,
    policy: BreakerPolicy,
) -> Iterator[Breaker]:
    """Yield the breaker after each result."""
    for result in results:
        breaker = _breaker_after(breaker, result, moment, policy)
        yield breaker


def _breaker_after(
    breaker: Breaker, result: AttemptResult, moment: datetime, policy: BreakerPolicy
) -> Breaker:
    match result.step, meaning_of(result.answer):
        case TargetGone(reason), _:
            return replace(breaker, disabled=reason)
        case _, AnswerMeaning.ACCEPTED:
            return after_success(breaker)
        case _, AnswerMeaning.TRANSIENT:
            return after_failure(policy, breaker, moment)
        case _, AnswerMeaning.NOT_PERMITTED:
            return after_block(breaker, moment)
        case RetryAt(at), AnswerMeaning.POSTPONED:
            wait = max(at - result.now, timedelta(0))
            return after_postponement(breaker, moment + wait)
        case _:
            return breaker


def _may_have_arrived(connection: Connection, ids: Sequence[int]) -> set[int]:
    """Return the deliveries of which an earlier attempt may have been received."""
    if not ids:
        return set()
    query = (
        select(attempts.c.delivery_id)
        .where(attempts.c.delivery_id.in_(ids))
        .where(or_(attempts.c.outcome == UNKNOWN, attempts.c.status.in_(GATEWAY)))
    )
    return set(connection.scalars(query))


def _claims(claimed: Sequence[OutboxDelivery]) -> list[tuple[int, int]]:
    return [(delivery.id, delivery.claim) for delivery in claimed]


def update_claimed(delivery: OutboxDelivery) -> Update:
    """Return an update of ``delivery`` that has no effect once the claim is lost."""
    return update(deliveries).where(
        deliveries.c.id == delivery.id, deliveries.c.claim == delivery.claim
    )


def _is_cancelled(connection: Connection, delivery: OutboxDelivery) -> bool:
    """Return True if ``delivery`` was cancelled; locks its row, so that this stays."""
    columns = deliveries.c.state, deliveries.c.cause
    query = select(*columns).where(deliveries.c.id == delivery.id).with_for_update()
    return state_of(connection.execute(query).one()) is DeliveryState.CANCELLED


def mark_unknown(connection: Connection, ids: Sequence[int], now: datetime) -> None:
    """Set the outcome of attempts whose worker died: they may have arrived."""
    if not ids:
        return
    connection.execute(
        update(attempts)
        .where(attempts.c.delivery_id.in_(ids), attempts.c.outcome == STARTED)
        .values(outcome=UNKNOWN, ended=now)
    )


def _storable(text: str) -> str:
    """Return ``text`` without NUL, which PostgreSQL refuses."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def _answer_columns(answer: Answer) -> dict[str, Any]:
    match answer:
        case Answered(status):
            return {"outcome": ANSWERED, "status": status}
        case Unanswered(error, is_sent):
            outcome = UNKNOWN if is_sent else UNANSWERED
            return {"outcome": outcome, "error": _storable(error)}
        case Queued() | AwsAccepted():
            return {"outcome": ANSWERED}
        case AwsRefused(error):
            return {"outcome": ANSWERED, "error": _storable(error)}
        case NotPermitted(reason) | NotDerived(reason):
            return {"outcome": UNANSWERED, "error": _storable(reason)}


def _step_columns(
    step: Dead | RetryAt | TargetGone, answer: Answer, moment: datetime, now: datetime
) -> dict[str, Any]:
    match step:
        case Dead(reason, cause):
            return {
                "state": DeliveryState.DEAD.value,
                "ended": moment,
                "reason": _storable(reason),
                "cause": cause.value,
            }
        case RetryAt(at, is_charged):
            return {
                "next_at": moment + max(at - now, timedelta(0)),
                "reason": _storable(failure(answer)),
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
