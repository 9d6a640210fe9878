"""Who may act, and from when on no longer."""

from datetime import UTC, datetime, timedelta

import pytest

from controller.core.document.resource import ResourceId
from controller.core.errors import (
    PermanentError,
    StoreLostError,
    StoreUnavailableError,
)
from controller.core.resources.driver import Skipped
from controller.core.resources.plan import Action, Reason, Verb
from controller.engine.executor import Executor
from controller.engine.leader import Leader
from controller.engine.memory_without_store import NullMemory
from controller.store.lease import Lease, LeaseHeld
from tests.fakes.inline import InlinePool, SteppedClock
from tests.fakes.toy import ToySpec
from tests.fakes.toy_world import ToyDriver

TTL = timedelta(seconds=15)
LATER = datetime(2027, 1, 1, tzinfo=UTC)


class Leases:
    """Gives the lease to whoever asks, unless somebody else has it."""

    def __init__(self, others=None):
        self.others = others
        self.error = None

    def acquire(self, name, holder, ttl):
        if self.others:
            return LeaseHeld(self.others, LATER)
        return Lease(name, holder, 1, LATER)

    def renew(self, lease, ttl):
        if self.error:
            raise self.error
        return None if self.others else lease

    def fence(self, lease):
        pass

    def release(self, lease):
        self.others = None


def test_the_lease_is_held_until_it_runs_out_by_the_steady_clock():
    clock = SteppedClock()
    leader = Leader(Leases(), "me", clock, TTL)

    assert not leader.is_leader()
    assert leader.take() is None
    assert leader.is_leader()
    clock.sleep(15)
    assert not leader.is_leader()


def test_who_does_not_get_the_lease_is_told_who_has_it():
    held = Leader(Leases("them"), "me", SteppedClock(), TTL).take()

    assert held is not None
    assert held.holder == "them"


def test_what_was_given_back_is_no_longer_held():
    leader = Leader(Leases(), "me", SteppedClock(), TTL)
    leader.take()

    leader.release()

    assert not leader.is_leader()


def test_a_process_that_was_stopped_too_long_does_not_act_when_it_goes_on():
    clock, driver = SteppedClock(), ToyDriver()
    leader = Leader(Leases(), "me", clock, TTL)
    leader.take()
    parts = ({"toy": driver}, NullMemory(), InlinePool(), clock)
    executor = Executor(*parts, permitted=leader.is_leader)
    action = Action(
        ResourceId("toy", "a"), Verb.CREATE, Reason.MISSING, desired=ToySpec()
    )

    clock.sleep(60)
    outcomes = executor.execute([action], {})

    assert outcomes == {
        action.target: Skipped("Another controller holds the lease now.")
    }
    assert driver.done == []


class Renewals:
    """Stands for the event that ends the renewals: time passes with each wait."""

    def __init__(self, clock):
        self.clock = clock
        self.waits = 0

    def wait(self, seconds):
        self.clock.sleep(seconds)
        self.waits += 1
        return self.waits > 100


def kept(leases, clock, stalled=lambda: ""):
    """Return a leader that has lost its lease, the reason and the number of waits."""
    leader, reasons, renewals = Leader(leases, "me", clock, TTL), [], Renewals(clock)
    leader.take()
    leader.keep(renewals, reasons.append, stalled)
    return leader, reasons, renewals.waits


def test_a_store_that_is_away_for_less_than_the_lifetime_does_not_lose_the_lease():
    leases, clock = Leases(), SteppedClock()

    def outage():
        away = 6 <= clock.monotonic() % 60 < 15
        leases.error = StoreUnavailableError("away") if away else None
        return ""

    _, reasons, _ = kept(leases, clock, outage)

    assert reasons == []


def test_the_lease_is_given_up_before_it_expires_while_the_store_is_away():
    leases, clock = Leases(), SteppedClock()
    leases.error = StoreUnavailableError("no answer")

    leader, reasons, _ = kept(leases, clock)

    assert reasons == ["no answer"]
    assert clock.monotonic() < TTL.total_seconds()
    assert not leader.is_leader()


@pytest.mark.parametrize(
    "error", [PermanentError("denied"), StoreLostError("deleted")], ids=str
)
def test_an_error_that_does_not_pass_loses_the_lease_at_once(error):
    leases = Leases()
    leases.error = error

    _, reasons, waits = kept(leases, SteppedClock())

    assert (reasons, waits) == ([str(error)], 1)


def test_a_leader_without_progress_stops_to_renew_and_does_not_release():
    leases, clock = Leases(), SteppedClock()
    released = []
    leases.release = released.append

    leader, reasons, _ = kept(leases, clock, lambda: "no pass was completed for 181 s")

    assert reasons == ["no pass was completed for 181 s"]
    assert not leader.is_leader()
    assert released == []


def test_a_release_without_the_store_leaves_the_lease_to_expire():
    leases = Leases()
    leader = Leader(leases, "me", SteppedClock(), TTL)
    leader.take()

    def away(_lease):
        msg = "away"
        raise StoreUnavailableError(msg)

    leases.release = away
    leader.release()

    assert not leader.is_leader()
