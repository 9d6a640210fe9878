"""Circuit breakers of targets in the store, shared by all workers."""

from datetime import timedelta

from controller.core.webhooks.answers import Answered
from controller.core.webhooks.delivery import RetryAt
from controller.store.outbox import Outbox
from tests.builders.outbox import LEASE, accepted, event, failed, one, opened
from tests.fakes.stopped_clock import NOON


def test_an_open_breaker_lets_nothing_through_to_any_worker(ledger, outbox, database):
    opened(ledger, outbox)

    assert outbox.claim("w", "site", 8, LEASE) == ()
    assert Outbox(database).claim("other", "site", 8, LEASE) == ()
    assert timedelta(seconds=50) < outbox.wait(["site"]) <= timedelta(seconds=60)


def test_one_worker_probes_with_one_delivery(ledger, outbox, clock):
    opened(ledger, outbox)
    clock.forward(61)

    probe = one(outbox.claim("w", "site", 8, LEASE))

    assert probe.progress.is_probe
    assert outbox.claim("other", "site", 8, LEASE) == ()
    assert outbox.wait(["site"]) > timedelta(0)


def test_the_probe_of_a_worker_that_died_is_repeated_after_its_claim(
    ledger, outbox, clock
):
    opened(ledger, outbox)
    clock.forward(61)
    outbox.claim("dead", "site", 8, LEASE)

    clock.forward(LEASE.total_seconds() + 1)

    assert one(outbox.claim("w", "site", 8, LEASE)).progress.is_probe


def test_after_an_accepted_probe_the_number_of_attempts_grows(ledger, outbox, clock):
    opened(ledger, outbox)
    clock.forward(61)
    probe = one(outbox.claim("w", "site", 8, LEASE))
    accepted(outbox, probe)

    first = one(outbox.claim("w", "site", 8, LEASE))
    assert outbox.claim("w", "site", 8, LEASE, busy=1) == ()
    assert outbox.wait(["site"], {"site": 1}) is None
    accepted(outbox, first)

    assert len(outbox.claim("w", "site", 8, LEASE)) == 2


def test_a_failure_that_costs_no_attempt_leaves_the_position_in_the_schedule(
    ledger, outbox
):
    ledger.announce("site", "webhook", [event()], NOON)
    failed(outbox, one(outbox.claim("w", "site", 1, LEASE)))
    postponed = RetryAt(NOON, is_charged=False)
    failed(outbox, one(outbox.claim("w", "site", 1, LEASE)), Answered(500), postponed)

    third = one(outbox.claim("w", "site", 1, LEASE))

    assert (third.attempts, third.progress.charged) == (2, 1)
