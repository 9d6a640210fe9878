"""Circuit breakers of targets in the store, shared by all workers."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from controller.core.webhooks.answers import Answered
from controller.core.webhooks.breaker import BreakerPolicy
from controller.core.webhooks.delivery import RetryAt
from controller.store.outbox import Outbox
from controller.store.tables import webhook_breakers
from tests.builders.outbox import LEASE, accepted, event, failed, one, opened
from tests.fakes.stopped_clock import NOON


def test_an_open_breaker_lets_nothing_through_to_any_worker(ledger, outbox, database):
    opened(ledger, outbox)

    assert outbox.claim("w", "site", 8, LEASE) == ()
    assert Outbox(database).claim("other", "site", 8, LEASE) == ()
    assert timedelta(seconds=20) < outbox.wait(["site"]) <= timedelta(seconds=30)


def set_ahead(database, column):
    """Move a time of the breaker by ten hours, as a clock that was ahead records it."""
    table = webhook_breakers.c
    with database.writing(fenced=False) as connection:
        before = connection.scalar(select(table[column]))
        ahead = before + timedelta(hours=10)
        connection.execute(update(webhook_breakers).values({column: ahead}))


def test_a_breaker_that_a_clock_ahead_opened_is_probed_once_and_opens_for_its_time(
    ledger, outbox, database
):
    opened(ledger, outbox)
    set_ahead(database, "open_until")

    probe = one(outbox.claim("w", "site", 8, LEASE))
    assert probe.progress.is_probe
    failed(outbox, probe)

    assert outbox.claim("w", "site", 8, LEASE) == ()
    assert timedelta(0) < outbox.wait(["site"]) <= BreakerPolicy().longest


def test_a_probe_that_a_clock_ahead_began_does_not_keep_others_from_probing(
    ledger, eager, database
):
    opened(ledger, eager)
    eager.claim("ahead", "site", 1, LEASE)
    set_ahead(database, "probe_until")

    assert eager.wait(["site"]) == timedelta(0)
    assert one(eager.claim("w", "site", 8, LEASE)).progress.is_probe


@pytest.fixture
def eager(database):
    """Return an outbox whose breakers may be probed at once."""
    return Outbox(database, breakers=BreakerPolicy(recovery=timedelta(0)))


def test_one_worker_probes_with_one_delivery(ledger, eager):
    opened(ledger, eager)

    probe = one(eager.claim("w", "site", 8, LEASE))

    assert probe.progress.is_probe
    assert eager.claim("other", "site", 8, LEASE) == ()
    assert eager.wait(["site"]) > timedelta(0)


def test_the_probe_of_a_worker_that_died_is_repeated_after_its_claim(ledger, eager):
    opened(ledger, eager)
    eager.claim("dead", "site", 8, timedelta(0))

    assert one(eager.claim("w", "site", 8, LEASE)).progress.is_probe


def test_after_an_accepted_probe_the_number_of_attempts_grows(ledger, eager):
    opened(ledger, eager)
    accepted(eager, one(eager.claim("w", "site", 8, LEASE)))

    first = one(eager.claim("w", "site", 8, LEASE))
    assert eager.claim("w", "site", 8, LEASE, busy=1) == ()
    assert eager.wait(["site"], {"site": 1}) is None
    accepted(eager, first)

    assert len(eager.claim("w", "site", 8, LEASE)) == 2


def test_a_failure_that_costs_no_attempt_leaves_the_position_in_the_schedule(
    ledger, outbox
):
    ledger.announce("site", "webhook", [event()], NOON)
    failed(outbox, one(outbox.claim("w", "site", 1, LEASE)))
    postponed = RetryAt(NOON, is_charged=False)
    failed(outbox, one(outbox.claim("w", "site", 1, LEASE)), Answered(500), postponed)

    third = one(outbox.claim("w", "site", 1, LEASE))

    assert (third.attempts, third.progress.charged) == (2, 1)
