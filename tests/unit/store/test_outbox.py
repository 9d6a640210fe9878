"""Delivery at least once, marked repeats, and independent targets."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, select, update

from controller.core.webhooks.answers import Answered, NotPermitted, Unanswered
from controller.core.webhooks.delivery import Dead, Delivered, DeliveryState, RetryAt
from controller.core.webhooks.event import ProfileBody
from controller.store.attempts import SendAttempt
from controller.store.tables import deliveries as rows
from controller.store.tables import event_bodies, webhook_events
from tests.builders.outbox import LEASE, event, failed, finish, one, start
from tests.fakes.stopped_clock import NOON

LOST = timedelta(0)


def test_a_target_keeps_its_first_baseline(ledger):
    first = ledger.add_target("site", "https://hokus.ai/a", NOON, NOON)

    again = ledger.add_target("site", "https://hokus.ai/b", None, NOON + LEASE)

    assert again == first
    assert ledger.targets() == {"site": first}


def test_announcing_twice_inserts_once(ledger):
    assert ledger.announce("site", "webhook", [event(1), event(2)], NOON) == 2
    assert ledger.announce("site", "webhook", [event(2), event(3)], NOON) == 1


def test_a_backlog_larger_than_one_statement_is_announced(ledger):
    events = [event(number) for number in range(1, 1203)]

    assert ledger.announce("site", "webhook", events, NOON) == 1202


def test_announced_versions_are_recorded_by_target(ledger):
    ledger.announce("site", "webhook", [event(1)], NOON)
    ledger.announce("audit", "webhook", [event(1), event(2)], NOON)

    assert ledger.announced("site") == {event(1).identity}
    assert ledger.announced("audit") == {event(1).identity, event(2).identity}
    assert ledger.announced("nobody") == frozenset()


def test_a_claim_returns_bodies_oldest_first_up_to_the_limit(ledger, outbox):
    ledger.announce("site", "webhook", [event(n) for n in (1, 2, 3)], NOON)

    claimed = outbox.claim("w", "site", 2, LEASE)

    assert [(d.event_id, d.body) for d in claimed] == [
        ("id-1", b'{"n":1}'),
        ("id-2", b'{"n":2}'),
    ]


def test_a_claimed_delivery_is_not_claimed_again(ledger, outbox):
    ledger.announce("site", "webhook", [event()], NOON)
    one(outbox.claim("one", "site", 9, LEASE))

    assert outbox.claim("two", "site", 9, LEASE) == ()
    states = ledger.delivery_states()
    assert states == {"site": {event().identity: DeliveryState.PENDING}}


def test_a_claim_is_for_one_target_and_one_sink(ledger, outbox):
    ledger.announce("audit", "webhook", [event()], NOON)
    ledger.announce("site", "redis", [event()], NOON)

    assert outbox.claim("w", "site", 9, LEASE) == ()


def test_a_delivered_event_is_not_sent_again(ledger, outbox, deliveries):
    ledger.announce("site", "webhook", [event()], NOON)
    delivery = one(outbox.claim("w", "site", 9, LEASE))
    start(outbox, delivery)

    assert finish(outbox, delivery, Answered(200), Delivered())

    assert outbox.claim("w", "site", 9, LEASE) == ()
    assert deliveries.counts()["site"][DeliveryState.DELIVERED] == 1
    (attempt,) = deliveries.attempts(delivery.id)
    assert (attempt.outcome, attempt.status, attempt.seconds) == ("answered", 200, 0.25)


def test_a_retry_is_due_after_its_wait_and_has_the_next_number(ledger, outbox):
    ledger.announce("site", "webhook", [event()], NOON)
    first = one(outbox.claim("w", "site", 9, LEASE))
    start(outbox, first)
    finish(outbox, first, Unanswered("refused"), RetryAt(NOON))

    second = one(outbox.claim("w", "site", 9, LEASE))

    assert start(outbox, second) == SendAttempt(2, possible_duplicate=False)


@pytest.mark.parametrize(
    "answer",
    [Unanswered("no answer within 30 s", is_sent=True), Answered(502), Answered(504)],
)
def test_a_retry_of_an_event_that_may_have_arrived_is_marked(ledger, outbox, answer):
    ledger.announce("site", "webhook", [event()], NOON)
    delivery = one(outbox.claim("w", "site", 9, LEASE))
    start(outbox, delivery)
    finish(outbox, delivery, answer, RetryAt(NOON))

    second = one(outbox.claim("w", "site", 9, LEASE))

    assert start(outbox, second) == SendAttempt(2, possible_duplicate=True)


def test_a_retry_is_not_due_before_its_wait(ledger, outbox, deliveries):
    ledger.announce("site", "webhook", [event()], NOON)
    delivery = one(outbox.claim("w", "site", 9, LEASE))
    start(outbox, delivery)
    step = RetryAt(NOON + timedelta(seconds=60))
    finish(outbox, delivery, Answered(503), step)

    assert outbox.claim("w", "site", 9, LEASE) == ()
    wait = outbox.wait(["site"])
    assert timedelta(seconds=50) < wait <= timedelta(seconds=60)
    assert deliveries.list(9)[0].reason == "the receiver answered 503"


def test_what_is_not_permitted_waits_with_its_reason_and_without_an_attempt(
    ledger, outbox, deliveries
):
    ledger.announce("site", "webhook", [event(1), event(2)], NOON)
    delivery = one(outbox.claim("w", "site", 1, LEASE))

    failed(outbox, delivery, NotPermitted("10.0.0.1 is a private address"))

    (report,) = [r for r in deliveries.list(9) if r.is_blocked]
    assert (report.state, report.reason) == (
        DeliveryState.PENDING,
        "10.0.0.1 is a private address",
    )
    assert outbox.claim("w", "site", 9, LEASE) == ()
    assert timedelta(minutes=4) < outbox.wait(["site"]) <= timedelta(minutes=5)
    assert deliveries.attempts(delivery.id)[0].outcome == "unanswered"


def test_a_change_of_the_target_ends_the_pause_of_what_was_not_permitted(
    ledger, outbox, deliveries
):
    outbox.configure("site", "before")
    ledger.announce("site", "webhook", [event()], NOON)
    delivery = one(outbox.claim("w", "site", 1, LEASE))
    failed(outbox, delivery, NotPermitted("denied"), RetryAt(NOON, is_charged=False))

    outbox.configure("site", "after")

    again = one(outbox.claim("w", "site", 1, LEASE))
    assert again.progress.charged == 0
    failed(outbox, again)
    assert [report.is_blocked for report in deliveries.list(9)] == [False]


def test_a_dead_delivery_says_why_and_stays_announced(ledger, outbox, deliveries):
    ledger.announce("site", "webhook", [event()], NOON)
    delivery = one(outbox.claim("w", "site", 9, LEASE))
    start(outbox, delivery)

    finish(outbox, delivery, Answered(410), Dead("gone"))

    states = ledger.delivery_states()
    assert states == {"site": {event().identity: DeliveryState.DEAD}}
    (report,) = deliveries.list(9, "site", DeliveryState.DEAD)
    assert (report.reason, report.attempts, report.model) == ("gone", 1, "lead")
    assert ledger.announced("site") == {event().identity}


def test_an_attempt_that_never_ended_is_unknown_and_its_repeat_is_marked(
    ledger, outbox, deliveries
):
    ledger.announce("site", "webhook", [event()], NOON)
    crashed = one(outbox.claim("one", "site", 9, LOST))
    start(outbox, crashed)

    again = one(outbox.claim("two", "site", 9, LEASE))

    assert start(outbox, again) == SendAttempt(2, possible_duplicate=True)
    outcomes = [a.outcome for a in deliveries.attempts(again.id)]
    assert outcomes == ["unknown", "started"]


def test_a_delivery_claimed_but_not_started_is_no_possible_duplicate(ledger, outbox):
    ledger.announce("site", "webhook", [event()], NOON)
    one(outbox.claim("one", "site", 9, LOST))

    again = one(outbox.claim("two", "site", 9, LEASE))

    assert start(outbox, again) == SendAttempt(1, possible_duplicate=False)


def test_a_worker_that_lost_its_claim_changes_nothing(ledger, outbox, deliveries):
    ledger.announce("site", "webhook", [event()], NOON)
    late = one(outbox.claim("one", "site", 9, LOST))
    start(outbox, late)
    one(outbox.claim("two", "site", 9, LEASE))

    assert not finish(outbox, late, Answered(503), Dead("late"))

    assert start(outbox, late) is None
    assert deliveries.counts()["site"][DeliveryState.PENDING] == 1


def test_a_released_delivery_is_free_at_once(ledger, outbox):
    ledger.announce("site", "webhook", [event()], NOON)
    outbox.release(outbox.claim("one", "site", 9, LEASE))

    assert len(outbox.claim("two", "site", 9, LEASE)) == 1


def test_a_claim_of_a_worker_with_the_same_name_is_not_taken_over(ledger, outbox):
    ledger.announce("site", "webhook", [event()], NOON)
    outbox.claim("host:1", "site", 9, LEASE)

    assert outbox.claim("host:1", "site", 9, LEASE) == ()


def test_a_claim_that_was_made_while_the_clock_was_ahead_is_over(ledger, outbox):
    ledger.announce("site", "webhook", [event()], NOON)
    ahead = one(outbox.claim("dead", "site", 9, LEASE + timedelta(hours=1)))
    start(outbox, ahead)

    again = one(outbox.claim("me", "site", 9, LEASE))

    assert start(outbox, again) == SendAttempt(2, possible_duplicate=True)


def test_nothing_is_due_in_an_empty_outbox(outbox):
    assert outbox.wait(["site"]) is None


def test_the_body_of_the_profile_is_sent(ledger, outbox, database):
    ledger.announce("site", "webhook", [event()], NOON)
    other = {"event_id": "id-1", "profile": "other", "body": b"other"}
    with database.writing() as connection:
        connection.execute(insert(event_bodies).values(other))
        connection.execute(update(rows).values(profile="other"))

    assert one(outbox.claim("w", "site", 9, LEASE)).body == b"other"


def test_each_target_gets_the_body_of_its_profile(ledger, outbox, database):
    body = ProfileBody("slack", b"slack")
    first = replace(event(), profile="slack", bodies=(body,))
    ledger.announce("chat", "webhook", [first], NOON)
    ledger.announce("site", "webhook", [event()], NOON)

    chat, site = (one(outbox.claim("w", t, 9, LEASE)) for t in ("chat", "site"))

    assert (chat.profile, chat.body) == ("slack", b"slack")
    assert (site.profile, site.body) == ("hokusai-v1", b'{"n":1}')
    with database.reading() as connection:
        assert bytes(connection.scalar(select(webhook_events.c.body))) == b'{"n":1}'


def test_a_body_is_stored_once_for_all_targets(ledger, outbox):
    first, later = (
        replace(event(), profile="slack", bodies=(ProfileBody("slack", body),))
        for body in (b"first", b"later")
    )
    ledger.announce("chat", "webhook", [first], NOON)
    ledger.announce("other", "webhook", [later], NOON)

    assert one(outbox.claim("w", "other", 9, LEASE)).body == b"first"


def test_an_event_of_the_previous_version_is_sent_with_its_own_body(
    ledger, outbox, database
):
    ledger.announce("site", "webhook", [event()], NOON)
    with database.writing() as connection:
        connection.execute(delete(event_bodies))

    assert one(outbox.claim("w", "site", 9, LEASE)).body == b'{"n":1}'


def test_the_previous_version_finds_the_body_in_the_event(ledger, database):
    ledger.announce("site", "webhook", [event()], NOON)

    with database.reading() as connection:
        body = connection.scalar(select(webhook_events.c.body))

    assert bytes(body) == b'{"n":1}'


def test_a_delivery_of_the_previous_version_has_the_default_profile(
    ledger, outbox, database
):
    ledger.announce("site", "webhook", [event()], NOON)
    with database.writing() as connection:
        connection.execute(delete(rows))
        connection.execute(
            insert(rows).values(
                event_id="id-1",
                target="site",
                sink="webhook",
                state="pending",
                attempts=0,
                next_at=NOON,
                recorded=NOON,
            )
        )

    assert one(outbox.claim("w", "site", 9, LEASE)).body == b'{"n":1}'
