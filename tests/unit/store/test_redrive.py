"""Deliveries that are sent again or cancelled on request."""

from datetime import timedelta

import pytest

from controller.core.webhooks.answers import Answered
from controller.core.webhooks.delivery import (
    DeadCause,
    Delivered,
    DeliveryState,
    RetryAt,
)
from controller.store.redrive import DeliverySelection
from tests.builders.outbox import DURATION, LEASE, accepted, dead, event, one
from tests.fakes.stopped_clock import NOON


def test_a_dead_delivery_is_sent_again_from_the_start_on_request(
    ledger, outbox, deliveries, requests
):
    id_ = dead(ledger, outbox, 1, DeadCause.REFUSED)

    assert requests.redrive(DeliverySelection(ids=[id_])) == 1

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
        (DeliverySelection(causes=["refused"]), 1),
    ],
)
def test_a_request_selects_deliveries(ledger, outbox, requests, selection, number):
    dead(ledger, outbox, 1, DeadCause.REFUSED)
    dead(ledger, outbox, 2)

    assert requests.count(selection, DeliveryState.DEAD) == number
    assert requests.redrive(selection) == number


def test_an_accepted_delivery_is_sent_again_only_if_the_request_says_so(
    ledger, outbox, requests
):
    ledger.announce("site", "webhook", [event()], NOON)
    delivery = one(outbox.claim("w", "site", 1, LEASE))
    accepted(outbox, delivery)
    chosen = DeliverySelection(ids=[delivery.id])

    assert requests.redrive(chosen) == 0
    assert requests.redrive(chosen, delivered=True) == 1


def test_a_cancelled_delivery_is_not_sent_and_can_be_sent_again(
    ledger, outbox, deliveries, requests
):
    ledger.announce("site", "webhook", [event()], NOON)

    assert requests.cancel(DeliverySelection(target="site"), "not needed") == 1
    assert outbox.claim("w", "site", 1, LEASE) == ()
    (report,) = deliveries.list(9, state=DeliveryState.CANCELLED)
    assert (report.reason, report.state) == ("not needed", DeliveryState.CANCELLED)
    assert requests.redrive(DeliverySelection(target="site")) == 1


def test_an_attempt_in_progress_that_succeeds_after_a_cancellation_is_recorded(
    ledger, outbox, deliveries, requests
):
    ledger.announce("site", "webhook", [event()], NOON)
    delivery = one(outbox.claim("w", "site", 1, LEASE))
    outbox.start(delivery, NOON)
    requests.cancel(DeliverySelection(), "not needed")

    outbox.finish(delivery, Answered(200), Delivered(), NOON, DURATION)

    assert deliveries.counts()["site"][DeliveryState.DELIVERED] == 1


def test_an_attempt_in_progress_that_fails_after_a_cancellation_stays_cancelled(
    ledger, outbox, deliveries, requests
):
    ledger.announce("site", "webhook", [event()], NOON)
    delivery = one(outbox.claim("w", "site", 1, LEASE))
    outbox.start(delivery, NOON)
    requests.cancel(DeliverySelection(), "not needed")

    outbox.finish(delivery, Answered(500), RetryAt(NOON), NOON, DURATION)

    assert deliveries.counts()["site"][DeliveryState.CANCELLED] == 1


def test_a_target_that_left_the_document_loses_its_pending_deliveries(
    ledger, outbox, deliveries, requests
):
    ledger.announce("site", "webhook", [event(1), event(2)], NOON)
    ledger.announce("audit", "webhook", [event(1)], NOON)

    assert requests.cancel_undeclared(["audit"], "no longer declared") == {"site": 2}
    assert requests.cancel_undeclared(["audit"], "no longer declared") == {}
    assert deliveries.counts()["site"][DeliveryState.CANCELLED] == 2
    assert deliveries.counts()["audit"][DeliveryState.PENDING] == 1
