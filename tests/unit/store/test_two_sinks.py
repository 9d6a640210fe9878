"""A target with a webhook and a Redis queue: two deliveries of one event, apart."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from controller.core.webhooks.answers import Answered, Queued
from controller.core.webhooks.breaker import BreakerPolicy
from controller.core.webhooks.delivery import (
    Dead,
    Delivered,
    DeliveryState,
    RetryAt,
    TargetGone,
)
from controller.core.webhooks.delivery_requests import DeliverySelection
from controller.core.webhooks.publication_phase import (
    DUAL,
    WEBHOOK_ONLY,
    WEBHOOK_PRIMARY,
)
from controller.store.outbox import Outbox
from controller.store.tables import deliveries as deliveries_table
from controller.store.tables import webhook_targets
from tests.builders.outbox import (
    LEASE,
    accepted,
    event,
    failed,
    finish,
    one,
    start,
)
from tests.fakes.stopped_clock import NOON

PATIENCE = timedelta(seconds=60)
SITE = DeliverySelection(target="site")


@pytest.fixture
def queue(database):
    return Outbox(database, "redis")


def message(number=1):
    """Return the event of ``number`` with the payload for Redis."""
    return replace(event(number), body=b"envelope", profile="hokusai-redis-v1")


def announce(ledger, phase, *numbers):
    events = [event(n) for n in numbers]
    messages = [message(n) for n in numbers]
    return ledger.announce(
        "site", "webhook", events, NOON, phase=phase, messages=messages
    )


def queued(queue, delivery):
    """Record one successful push to Redis."""
    start(queue, delivery)
    finish(queue, delivery, Queued(), Delivered())


def states(deliveries, sink):
    return [report.state for report in deliveries.list(99, "site", sink=sink)]


def test_both_deliveries_have_the_same_event_and_their_own_body(ledger, outbox, queue):
    assert announce(ledger, DUAL, 1) == 2
    assert announce(ledger, DUAL, 1) == 0

    webhook = one(outbox.claim("w", "site", 8, LEASE))
    redis = one(queue.claim("w", "site", 8, LEASE))

    assert webhook.event_id == redis.event_id == "id-1"
    assert (webhook.body, redis.body) == (b'{"n":1}', b"envelope")


def test_the_phase_of_the_announcement_stays_on_the_deliveries(ledger, deliveries):
    announce(ledger, DUAL, 1)
    ledger.announce("site", "webhook", [event(2)], NOON, phase=WEBHOOK_ONLY)

    found = [(r.number, r.sink, r.phase) for r in deliveries.list(9)]

    assert found == [
        (2, "webhook", WEBHOOK_ONLY),
        (1, "redis", DUAL),
        (1, "webhook", DUAL),
    ]


def test_only_the_webhook_decides_about_an_announced_version(ledger, outbox, queue):
    announce(ledger, DUAL, 1)

    queued(queue, one(queue.claim("w", "site", 8, LEASE)))

    assert ledger.delivery_states()["site"] == {
        event(1).identity: DeliveryState.PENDING
    }
    accepted(outbox, one(outbox.claim("w", "site", 8, LEASE)))
    assert ledger.delivery_states()["site"] == {
        event(1).identity: DeliveryState.DELIVERED
    }


def test_the_timeline_of_a_version_follows_its_webhook(ledger, deliveries):
    announce(ledger, DUAL, 1)

    (report,) = deliveries.of_version(event(1).identity)

    assert report.sink == "webhook"


def test_the_numbers_of_a_sink_do_not_contain_those_of_the_other(
    ledger, queue, deliveries
):
    announce(ledger, DUAL, 1)

    queued(queue, one(queue.claim("w", "site", 8, LEASE)))

    assert deliveries.counts()["site"][DeliveryState.PENDING] == 1
    assert deliveries.counts()["site"][DeliveryState.DELIVERED] == 0
    assert deliveries.counts("redis")["site"][DeliveryState.DELIVERED] == 1


def test_an_open_breaker_of_one_sink_does_not_stop_the_other(ledger, outbox, queue):
    announce(ledger, DUAL, *range(6))

    for delivery in queue.claim("w", "site", 5, LEASE):
        failed(queue, delivery)

    assert queue.claim("w", "site", 8, LEASE) == ()
    assert queue.wait(["site"]) == timedelta(seconds=30)
    assert outbox.wait(["site"]) == timedelta(0)
    assert len(outbox.claim("w", "site", 8, LEASE)) == 6


def test_the_recovery_of_one_sink_leaves_the_dead_of_the_other(
    ledger, database, deliveries
):
    announce(ledger, DUAL, 1, 2)
    policy = BreakerPolicy(threshold=1, recovery=timedelta(0))
    outbox, queue = (Outbox(database, s, policy) for s in ("webhook", "redis"))
    for one_of in (outbox, queue):
        failed(
            one_of,
            one(one_of.claim("w", "site", 1, LEASE)),
            Answered(500),
            Dead("failed"),
        )

    accepted(outbox, one(outbox.claim("w", "site", 8, LEASE)))

    assert DeliveryState.DEAD not in states(deliveries, "webhook")
    assert states(deliveries, "redis").count(DeliveryState.DEAD) == 1


def test_the_end_of_a_schedule_concerns_its_own_sink(ledger, queue, deliveries):
    announce(ledger, DUAL, 1)

    assert queue.expire("site", NOON, "too old") == 1

    assert states(deliveries, "webhook") == [DeliveryState.PENDING]


def test_a_held_delivery_is_not_sent(ledger, queue, deliveries):
    announce(ledger, WEBHOOK_PRIMARY, 1)

    assert queue.settle_held("site", PATIENCE) == 0

    assert queue.claim("w", "site", 8, LEASE) == ()
    assert queue.wait(["site"]) is None
    assert states(deliveries, "redis") == [DeliveryState.HELD]
    assert deliveries.counts("redis")["site"][DeliveryState.PENDING] == 0


def test_a_held_delivery_ends_when_the_webhook_is_accepted(
    ledger, outbox, queue, deliveries
):
    announce(ledger, WEBHOOK_PRIMARY, 1)
    accepted(outbox, one(outbox.claim("w", "site", 8, LEASE)))

    assert queue.settle_held("site", PATIENCE) == 0

    assert states(deliveries, "redis") == [DeliveryState.SUPERSEDED]
    (report,) = deliveries.list(9, state=DeliveryState.SUPERSEDED)
    assert report.reason == "the webhook was delivered"


def test_a_held_delivery_is_released_when_the_webhook_is_dead(
    ledger, outbox, queue, deliveries
):
    announce(ledger, WEBHOOK_PRIMARY, 1, 2)
    first, _ = outbox.claim("w", "site", 8, LEASE)
    failed(outbox, first, Answered(422), Dead("refused"))

    assert queue.settle_held("site", PATIENCE) == 1

    assert one(queue.claim("w", "site", 8, LEASE)).event_id == "id-1"
    assert states(deliveries, "redis") == [DeliveryState.HELD, DeliveryState.PENDING]


def test_a_retry_of_the_webhook_releases_nothing(ledger, outbox, queue):
    announce(ledger, WEBHOOK_PRIMARY, 1)
    failed(outbox, one(outbox.claim("w", "site", 8, LEASE)), step=RetryAt(NOON))

    assert queue.settle_held("site", PATIENCE) == 0


def test_a_cancelled_webhook_releases_nothing(ledger, queue, deliveries, requests):
    announce(ledger, WEBHOOK_PRIMARY, 1)
    (webhook,) = deliveries.list(9, sink="webhook")
    requests.cancel(DeliverySelection(ids=[webhook.id]), "not needed")

    assert queue.settle_held("site", PATIENCE) == 0


def test_all_are_released_when_the_breaker_has_been_open_for_long(
    ledger, outbox, queue, clock
):
    announce(ledger, WEBHOOK_PRIMARY, *range(7))
    for delivery in outbox.claim("w", "site", 5, LEASE):
        failed(outbox, delivery)

    clock.forward(PATIENCE.total_seconds() - 1)
    assert queue.settle_held("site", PATIENCE) == 0
    clock.forward(1)

    assert queue.settle_held("site", PATIENCE) == 7


def test_a_failed_probe_does_not_make_the_outage_younger(ledger, outbox, queue, clock):
    announce(ledger, WEBHOOK_PRIMARY, *range(6))
    for delivery in outbox.claim("w", "site", 5, LEASE):
        failed(outbox, delivery)
    clock.forward(60)
    failed(outbox, one(outbox.claim("w", "site", 5, LEASE)))

    assert queue.settle_held("site", timedelta(seconds=60)) == 6


def test_all_are_released_when_the_target_is_disabled(ledger, outbox, queue):
    announce(ledger, WEBHOOK_PRIMARY, 1, 2)
    first, _ = outbox.claim("w", "site", 8, LEASE)
    failed(outbox, first, Answered(410), TargetGone("gone"))

    assert queue.settle_held("site", PATIENCE) == 2


def test_a_released_delivery_is_released_once(ledger, outbox, queue):
    announce(ledger, WEBHOOK_PRIMARY, 1)
    delivery = one(outbox.claim("w", "site", 8, LEASE))
    failed(outbox, delivery, Answered(422), Dead("refused"))

    assert queue.settle_held("site", PATIENCE) == 1
    queued(queue, one(queue.claim("w", "site", 8, LEASE)))

    assert queue.settle_held("site", PATIENCE) == 0
    assert queue.claim("w", "site", 8, LEASE) == ()


def test_a_redrive_of_a_target_sends_nothing_that_is_held_or_superseded(
    ledger, outbox, queue, deliveries, requests
):
    announce(ledger, WEBHOOK_PRIMARY, 1, 2)
    first, _ = outbox.claim("w", "site", 8, LEASE)
    accepted(outbox, first)
    queue.settle_held("site", PATIENCE)

    requests.redrive(SITE)

    expected = [DeliveryState.HELD, DeliveryState.SUPERSEDED]
    assert states(deliveries, "redis") == expected


def test_a_held_delivery_is_sent_on_request(ledger, queue, deliveries, requests):
    announce(ledger, WEBHOOK_PRIMARY, 1)
    (held,) = deliveries.list(9, state=DeliveryState.HELD)

    (sent,) = requests.redrive(DeliverySelection(ids=[held.id]))
    assert (sent.state, sent.number) == (DeliveryState.HELD, 1)

    assert one(queue.claim("w", "site", 8, LEASE)).event_id == "id-1"


def test_a_held_delivery_is_cancelled_on_request_and_a_superseded_one_stays(
    ledger, outbox, queue, deliveries, requests
):
    announce(ledger, WEBHOOK_PRIMARY, 1, 2)
    first, _ = outbox.claim("w", "site", 8, LEASE)
    accepted(outbox, first)
    queue.settle_held("site", PATIENCE)

    requests.cancel(SITE, "Redis is removed")

    expected = [DeliveryState.CANCELLED, DeliveryState.SUPERSEDED]
    assert states(deliveries, "redis") == expected


def test_the_recorded_phase_changes_only_on_request(ledger):
    ledger.add_target("site", "https://h", None, NOON, DUAL)
    ledger.add_target("site", "https://h", None, NOON, WEBHOOK_ONLY)
    assert ledger.targets()["site"].phase == DUAL

    ledger.set_phase("site", WEBHOOK_PRIMARY)

    assert ledger.targets()["site"].phase == WEBHOOK_PRIMARY


def test_a_target_of_an_earlier_version_uses_the_webhook_only(ledger, database):
    ledger.add_target("site", "https://h", None, NOON)
    with database.writing() as connection:
        connection.execute(update(webhook_targets).values(phase=""))

    assert ledger.targets()["site"].phase == WEBHOOK_ONLY


def test_parity_compares_both_deliveries_of_each_event(ledger, outbox, queue, clock):
    announce(ledger, DUAL, 1, 2, 3)
    announce(ledger, WEBHOOK_PRIMARY, 4)
    ledger.announce("site", "webhook", [event(5)], NOON)
    webhook = outbox.claim("w", "site", 8, LEASE)
    redis = queue.claim("w", "site", 8, LEASE)
    accepted(outbox, webhook[0])
    clock.forward(3)
    queued(queue, redis[0])
    queued(queue, redis[1])

    report = ledger.parity("site", DUAL)

    assert (report.both, report.only_redis, report.neither) == (1, 1, 1)
    assert report.unfinished == 2
    assert report.largest_delay == timedelta(seconds=3)


def test_parity_leaves_out_events_before_the_window(ledger, clock, database):
    announce(ledger, DUAL, 1, 2)
    with database.writing() as connection:
        connection.execute(
            update(deliveries_table)
            .where(deliveries_table.c.event_id == "id-1")
            .values(recorded=clock.now() - timedelta(days=7, seconds=1))
        )

    assert ledger.parity("site", DUAL).events == 1
