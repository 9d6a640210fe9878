"""Who may act, and from when on no longer."""

from datetime import UTC, datetime, timedelta

from controller.core.document.resource import ResourceId
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

    def acquire(self, name, holder, ttl):
        if self.others:
            return LeaseHeld(self.others, LATER)
        return Lease(name, holder, 1, LATER)

    def renew(self, lease, ttl):
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
