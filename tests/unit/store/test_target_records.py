"""Records of targets: unreadable secrets, and the last acceptance."""

from datetime import timedelta

from controller.core.webhooks.answers import Answered
from controller.core.webhooks.delivery import DeadCause, RetryAt
from controller.core.webhooks.delivery_requests import DeliverySelection
from controller.store.target_records import record_verification
from tests.builders.outbox import LEASE, accepted, dead, event, failed, one
from tests.fakes.stopped_clock import NOON

AT_ONCE, PAUSES = timedelta(0), timedelta(seconds=90)
ERROR = "env:SECRET is not set"


def test_an_unreadable_secret_is_recorded_until_it_is_read(outbox, deliveries):
    outbox.report_secret_error("site", ERROR)
    assert deliveries.records()["site"].secret_error == ERROR

    outbox.report_secret_read("site", AT_ONCE)

    assert deliveries.records()["site"].secret_error == ""


def test_a_process_that_reads_the_secret_leaves_the_report_of_another(
    outbox, deliveries, clock
):
    outbox.report_secret_error("site", ERROR)
    clock.forward(60)
    outbox.report_secret_read("site", PAUSES)
    assert deliveries.records()["site"].secret_error == ERROR

    clock.forward(60)
    outbox.report_secret_read("site", PAUSES)

    assert deliveries.records()["site"].secret_error == ""


def test_the_report_of_one_target_leaves_others_alone(outbox, deliveries):
    outbox.report_secret_error("site", ERROR)
    outbox.report_secret_error("mirror", ERROR)

    outbox.report_secret_read("site", AT_ONCE)

    assert deliveries.records()["mirror"].secret_error == ERROR


def test_a_report_leaves_the_breaker_as_it_is(ledger, outbox, deliveries):
    ledger.announce("site", "webhook", [event()], NOON)
    failed(outbox, one(outbox.claim("w", "site", 1, LEASE)))
    before = deliveries.breakers()["site"]

    outbox.report_secret_error("site", ERROR)
    delivery = one(outbox.claim("w", "site", 1, LEASE))
    failed(outbox, delivery, Answered(500), RetryAt(NOON))

    assert before.failures == 1
    assert deliveries.breakers()["site"].failures == 2
    assert deliveries.records()["site"].secret_error == ERROR


def test_the_last_accepted_delivery_verifies_a_target(ledger, outbox, deliveries):
    ledger.announce("site", "webhook", [event(1)], NOON)
    outbox.configure("site", "v1")
    assert deliveries.records()["site"].verified is None

    accepted(outbox, one(outbox.claim("w", "site", 1, LEASE)))

    assert deliveries.records()["site"].verified == NOON


def test_an_accepted_ping_verifies_a_target(database, deliveries):
    with database.writing() as connection:
        record_verification(connection, "site", NOON)

    assert deliveries.records()["site"].verified == NOON


def test_a_change_of_the_settings_makes_the_records_out_of_date(
    ledger, outbox, deliveries, clock, database
):
    outbox.configure("site", "v1")
    ledger.announce("site", "webhook", [event(1), event(2)], NOON)
    first, second = outbox.claim("w", "site", 2, LEASE)
    accepted(outbox, first)
    outbox.report_secret_error("site", ERROR)
    with database.writing() as connection:
        record_verification(connection, "site", NOON)
    clock.forward(1)

    outbox.configure("site", "v2")

    record = deliveries.records()["site"]
    assert (record.verified, record.secret_error) == (None, "")
    accepted(outbox, second)
    assert deliveries.records()["site"].verified == NOON + timedelta(seconds=1)


def test_dead_deliveries_are_counted_by_cause(ledger, outbox, deliveries, requests):
    dead(ledger, outbox, 1, DeadCause.PARKED)
    dead(ledger, outbox, 2, DeadCause.REFUSED)
    dead(ledger, outbox, 3, DeadCause.REFUSED)
    id_ = dead(ledger, outbox, 4)
    requests.cancel(DeliverySelection(ids=[id_]), "a test model")

    assert deliveries.records()["site"].dead == {
        "parked": 1,
        "refused": 2,
        "cancelled": 1,
    }
