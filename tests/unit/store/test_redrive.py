"""Deliveries that are sent again or cancelled on request."""

from datetime import timedelta

import pytest

from controller.core.webhooks.answers import Answered
from controller.core.webhooks.delivery import (
    Dead,
    DeadCause,
    Delivered,
    DeliveryState,
    RetryAt,
)
from controller.core.webhooks.delivery_requests import (
    DeliveryCount,
    DeliverySelection,
)
from tests.builders.outbox import (
    LEASE,
    accepted,
    dead,
    event,
    finish,
    one,
    start,
)
from tests.fakes.stopped_clock import NOON


def total(counts):
    return sum(count.number for count in counts)


def test_a_dead_delivery_is_sent_again_from_the_start_on_request(
    ledger, outbox, deliveries, requests
):
    id_ = dead(ledger, outbox, 1, DeadCause.REFUSED)

    assert total(requests.redrive(DeliverySelection(ids=[id_]))) == 1

    again = one(outbox.claim("w", "site", 1, LEASE))
    assert (again.event_id, again.progress.charged) == ("id-1", 0)
    assert deliveries.counts()["site"][DeliveryState.DEAD] == 0


@pytest.mark.parametrize(
    ("selection", "number"),
    [
        (DeliverySelection(), 2),
        (DeliverySelection(target="site"), 2),
        (DeliverySelection(target="other"), 0),
        (DeliverySelection(model="lead"), 2),
        (DeliverySelection(model="other"), 0),
        (DeliverySelection(since=NOON + timedelta(days=36500)), 0),
        (DeliverySelection(state=DeadCause.REFUSED), 1),
        (DeliverySelection(state=DeadCause.PARKED), 0),
        (DeliverySelection(state=DeliveryState.DEAD), 2),
        (DeliverySelection(state=DeliveryState.CANCELLED), 0),
    ],
)
def test_a_request_selects_deliveries(ledger, outbox, requests, selection, number):
    dead(ledger, outbox, 1, DeadCause.REFUSED)
    dead(ledger, outbox, 2)

    assert total(requests.count(selection, [DeliveryState.DEAD])) == number
    assert total(requests.redrive(selection)) == number


def test_an_accepted_delivery_is_sent_again_only_if_the_request_says_so(
    ledger, outbox, requests
):
    ledger.announce("site", "webhook", [event()], NOON)
    delivery = one(outbox.claim("w", "site", 1, LEASE))
    accepted(outbox, delivery)
    chosen = DeliverySelection(ids=[delivery.id])

    assert requests.redrive(chosen) == ()
    assert requests.redrive(chosen, [DeliveryState.DELIVERED]) == (
        DeliveryCount("site", DeliveryState.DELIVERED, 1),
    )


def test_a_cancelled_delivery_is_not_sent_and_can_be_sent_again(
    ledger, outbox, deliveries, requests
):
    ledger.announce("site", "webhook", [event()], NOON)

    assert total(requests.cancel(DeliverySelection(target="site"), "not needed")) == 1
    assert outbox.claim("w", "site", 1, LEASE) == ()
    (report,) = deliveries.list(9, state=DeliveryState.CANCELLED)
    assert (report.reason, report.state) == ("not needed", DeliveryState.CANCELLED)
    assert total(requests.redrive(DeliverySelection(target="site"))) == 1


def test_an_attempt_in_progress_that_succeeds_after_a_cancellation_is_recorded(
    ledger, outbox, deliveries, requests
):
    ledger.announce("site", "webhook", [event()], NOON)
    delivery = one(outbox.claim("w", "site", 1, LEASE))
    start(outbox, delivery)
    requests.cancel(DeliverySelection(), "not needed")

    finish(outbox, delivery, Answered(200), Delivered())

    assert deliveries.counts()["site"][DeliveryState.DELIVERED] == 1


@pytest.mark.parametrize(
    "step",
    [RetryAt(NOON), Dead("it failed"), Dead("refused", DeadCause.REFUSED)],
    ids=["retried", "exhausted", "refused"],
)
def test_a_delivery_stays_cancelled_if_the_attempt_in_progress_fails(
    ledger, outbox, deliveries, requests, step
):
    ledger.announce("site", "webhook", [event()], NOON)
    delivery = one(outbox.claim("w", "site", 1, LEASE))
    start(outbox, delivery)
    requests.cancel(DeliverySelection(), "not needed")

    finish(outbox, delivery, Answered(500), step)

    (report,) = deliveries.list(9)
    assert (report.state, report.reason) == (DeliveryState.CANCELLED, "not needed")
    assert report.claimed_until is None


def test_an_accepted_delivery_that_was_cancelled_meanwhile_is_counted_once(
    ledger, outbox, deliveries, requests
):
    ledger.announce("site", "webhook", [event(1), event(2)], NOON)
    first, second = outbox.claim("w", "site", 2, LEASE)
    accepted(outbox, first)
    start(outbox, second)
    requests.cancel(DeliverySelection(), "not needed")
    finish(outbox, second, Answered(200), Delivered())

    assert deliveries.counts()["site"][DeliveryState.DELIVERED] == 2
    assert deliveries.list(9, state=DeliveryState.CANCELLED) == ()


def test_more_deliveries_than_one_statement_takes_are_sent_again(
    ledger, outbox, requests, monkeypatch
):
    monkeypatch.setattr("controller.store.redrive._BATCH", 2)
    for number in range(5):
        dead(ledger, outbox, number)

    assert total(requests.redrive(DeliverySelection())) == 5
    assert len(outbox.claim("w", "site", 9, LEASE)) == 5


def test_a_target_that_left_the_document_loses_its_pending_deliveries(
    ledger, outbox, deliveries, requests
):
    ledger.announce("site", "webhook", [event(1), event(2)], NOON)
    ledger.announce("audit", "webhook", [event(1)], NOON)

    assert requests.cancel_undeclared(["audit"], "no longer declared") == {"site": 2}
    assert requests.cancel_undeclared(["audit"], "no longer declared") == {}
    assert deliveries.counts()["site"][DeliveryState.CANCELLED] == 2
    assert deliveries.counts()["audit"][DeliveryState.PENDING] == 1
