"""One holder at a time, and tokens that grow."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.core.errors import PermanentError
from controller.store.lease import Lease, LeaseHeld, Leases, claim_result
from controller.store.triggers import Triggers
from tests.fakes.stopped_clock import NOON

TTL = timedelta(seconds=30)
AT_ONCE = timedelta(0)
MINE = Lease("reconcile", "me", 4, NOON + TTL)


def lease_of(claim):
    assert isinstance(claim, Lease)
    return claim


def test_a_free_lease_is_granted():
    assert claim_result(None, "reconcile", "me", TTL, NOON) == Lease(
        "reconcile", "me", 1, NOON + TTL
    )


def test_a_lease_that_another_process_holds_is_not_granted():
    assert claim_result(MINE, "reconcile", "you", TTL, NOON) == LeaseHeld(
        "me", NOON + TTL
    )


def test_an_expired_lease_is_granted_with_a_higher_token():
    later = NOON + TTL

    assert claim_result(MINE, "reconcile", "you", TTL, later) == Lease(
        "reconcile", "you", 5, later + TTL
    )


def test_a_holder_that_claims_again_gets_a_higher_token_at_once():
    assert claim_result(MINE, "reconcile", "me", TTL, NOON) == replace(MINE, token=5)


@pytest.mark.parametrize("ahead", [timedelta(seconds=1), timedelta(hours=1)], ids=str)
def test_a_lease_from_the_future_counts_for_one_lifetime(ahead):
    written_ahead = replace(MINE, expires=NOON + TTL + ahead)

    claim = claim_result(written_ahead, "reconcile", "you", TTL, NOON)

    assert claim == LeaseHeld("me", NOON + TTL)


@pytest.fixture
def leases(database):
    return Leases(database)


def test_a_refused_claim_names_the_holder(leases):
    first = lease_of(leases.acquire("reconcile", "me", TTL))

    assert leases.acquire("reconcile", "you", TTL) == LeaseHeld("me", first.expires)
    assert leases.current("reconcile") == first


def test_two_names_are_two_leases(leases):
    lease_of(leases.acquire("reconcile", "me", TTL))

    assert lease_of(leases.acquire("dispatch", "you", TTL)).token == 1


def test_the_token_grows_with_each_holder(leases):
    lease_of(leases.acquire("reconcile", "me", AT_ONCE))

    assert lease_of(leases.acquire("reconcile", "you", TTL)).token == 2


def test_a_stolen_lease_cannot_be_renewed(leases):
    mine = lease_of(leases.acquire("reconcile", "me", AT_ONCE))
    stolen = lease_of(leases.acquire("reconcile", "you", TTL))

    assert leases.renew(mine, TTL) is None
    assert leases.current("reconcile") == stolen


def test_a_renewed_lease_ends_later(leases):
    mine = lease_of(leases.acquire("reconcile", "me", AT_ONCE))

    renewed = leases.renew(mine, TTL)

    assert renewed.token == mine.token
    assert renewed.expires > mine.expires
    assert leases.current("reconcile") == renewed


def test_a_released_lease_is_free_at_once(leases):
    leases.release(lease_of(leases.acquire("reconcile", "me", TTL)))

    assert leases.current("reconcile") is None
    assert lease_of(leases.acquire("reconcile", "you", TTL)).token == 2


def test_a_late_release_does_not_end_the_lease_of_another_holder(leases):
    mine = lease_of(leases.acquire("reconcile", "me", AT_ONCE))
    stolen = lease_of(leases.acquire("reconcile", "you", TTL))

    leases.release(mine)

    assert leases.current("reconcile") == stolen


def test_a_former_holder_writes_nothing_to_the_store(leases, database):
    mine = lease_of(leases.acquire("reconcile", "me", AT_ONCE))
    leases.fence(mine)
    Triggers(database).ask("mine", NOON)
    lease_of(leases.acquire("reconcile", "you", TTL))

    with pytest.raises(PermanentError, match="held by you with token 2"):
        Triggers(database).ask("too late", NOON)

    assert [trigger.reason for trigger in Triggers(database).pending(0)] == ["mine"]


def test_a_lease_from_the_future_is_reported_and_over_after_one_lifetime(
    leases, database, caplog
):
    with database.writing() as connection:
        now = database.now(connection)
    leases.acquire("reconcile", "me", TTL + timedelta(hours=1))

    refused = leases.acquire("reconcile", "you", TTL)

    assert isinstance(refused, LeaseHeld)
    assert refused.expires - now < TTL + timedelta(minutes=1)
    assert leases.current("reconcile").expires == refused.expires
    assert "lease from the future" in caplog.text


def test_a_holder_that_is_alive_keeps_a_lease_that_was_shortened(leases):
    mine = lease_of(leases.acquire("reconcile", "me", TTL + timedelta(hours=1)))
    leases.acquire("reconcile", "you", TTL)

    assert leases.renew(mine, TTL) is not None


def test_a_former_holder_can_claim_the_lease_again(leases):
    leases.fence(lease_of(leases.acquire("reconcile", "me", AT_ONCE)))
    lease_of(leases.acquire("reconcile", "you", AT_ONCE))

    assert lease_of(leases.acquire("reconcile", "me", TTL)).token == 3
