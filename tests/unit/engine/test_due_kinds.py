"""Kinds that are looked at as often as each needs it, and no more."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.core.document.resource import Resource, ResourceId
from controller.core.planning.safety import SafetyLimits
from controller.core.rates.schedule import Schedule
from controller.engine.executor import Executor
from controller.engine.memory_without_store import NullMemory
from controller.engine.observer import Observer
from controller.engine.reconciler import Reconciler
from tests.fakes.inline import InlinePool, SteppedClock
from tests.fakes.toy import TOY, ToySpec, ToyState
from tests.fakes.toy_world import ToyDriver

FAST, SLOW = ResourceId("fast", "a"), ResourceId("slow", "a")
KINDS = {name: replace(TOY, name=name, section=f"{name}s") for name in ("fast", "slow")}
DESIRED = {id_: Resource(id_, ToySpec(), "v1:g") for id_ in (FAST, SLOW)}
MINUTE = timedelta(minutes=1)
INTERVALS = {"fast": timedelta(seconds=10)}


class Machine:
    """A reconciler of two kinds, in time that is told to pass."""

    def __init__(self):
        self.clock = SteppedClock()
        self.drivers = {
            "fast": ToyDriver({FAST: ToyState()}),
            "slow": ToyDriver({SLOW: ToyState()}),
        }
        pool, memory = InlinePool(), NullMemory()
        self._reconciler = Reconciler(
            KINDS,
            Observer(self.drivers, pool, self.clock),
            Executor(self.drivers, memory, pool, self.clock),
            memory,
            self.clock,
        )

    def run(
        self,
        desired=None,
        intervals=INTERVALS,
        *,
        everything=False,
        changed=frozenset(),
    ):
        return self._reconciler.run(
            desired or DESIRED,
            SafetyLimits(),
            MINUTE,
            schedule=Schedule(MINUTE, intervals, everything, changed=changed),
        )

    def looks(self):
        """Return how often each kind was looked at since the last time."""
        counts = tuple(driver.looks for driver in self.drivers.values())
        for driver in self.drivers.values():
            driver.looks = 0
        return counts


@pytest.fixture
def machine():
    made = Machine()
    made.run()
    made.looks()
    return made


def test_a_pass_looks_only_at_what_is_due(machine):
    machine.clock.sleep(10)

    result = machine.run()

    assert machine.looks() == (1, 0)
    assert result.converged
    assert set(result.statuses) == {FAST, SLOW}


def test_a_kind_that_is_said_to_have_changed_is_looked_at_before_it_is_due(machine):
    result = machine.run(changed=frozenset({"slow"}))

    assert machine.looks() == (0, 1)
    assert set(result.statuses) == {FAST, SLOW}


def test_the_next_pass_comes_with_the_kind_that_is_due_first(machine):
    machine.clock.sleep(10)

    waits = []
    for _ in range(6):
        waits.append(machine.run().next_in.total_seconds())
        machine.clock.sleep(waits[-1])

    assert waits == [10.0] * 6
    assert machine.looks() == (6, 1)


def test_a_pass_that_somebody_asked_for_looks_at_everything(machine):
    machine.run(everything=True)

    assert machine.looks() == (1, 1)


def test_a_kind_whose_declaration_changed_is_looked_at(machine):
    changed = Resource(SLOW, ToySpec(), "v1:other")

    machine.run({**DESIRED, SLOW: changed})

    assert machine.looks() == (0, 1)


def test_a_kind_that_is_not_well_is_looked_at_in_every_pass(machine):
    machine.drivers["slow"].toys[SLOW] = ToyState(broken=True)
    machine.run(everything=True)
    machine.looks()

    machine.run()

    assert machine.looks() == (0, 1)


def test_before_anything_is_done_everything_is_looked_at(machine):
    machine.clock.sleep(10)
    machine.drivers["fast"].toys[FAST] = ToyState(targets=frozenset())

    machine.run()

    # Once because it is due, once before acting, once afterwards; the other kind
    # takes no part in the first.
    assert machine.looks() == (3, 2)
    assert machine.drivers["fast"].toys[FAST] == ToyState()


def test_a_kind_that_was_acted_on_is_looked_at_in_the_next_pass(machine):
    machine.clock.sleep(10)
    machine.drivers["fast"].toys[FAST] = ToyState(targets=frozenset())
    machine.run()
    machine.looks()

    machine.run()

    assert machine.looks() == (1, 0)


def test_without_intervals_of_their_own_all_kinds_are_due_in_every_pass(machine):
    machine.run(intervals={})
    machine.run(intervals={})

    assert machine.looks() == (2, 2)


def test_what_was_looked_at_completely_is_not_looked_at_again_before_acting(machine):
    machine.drivers["fast"].toys[FAST] = ToyState(targets=frozenset())

    machine.run(intervals={})

    # Once before acting and once afterwards.
    assert machine.looks() == (2, 2)
    assert machine.drivers["fast"].toys[FAST] == ToyState()


class Probing(Machine):
    """A machine whose fast kind probes outages, with conditions that are remembered."""

    def __init__(self):
        super().__init__()
        memory = self._reconciler.memory = Conditions()
        self._reconciler.executor = Executor(
            self.drivers, memory, InlinePool(), self.clock
        )
        probing = replace(KINDS["fast"], probes_outages=True)
        self._reconciler.kinds = {**KINDS, "fast": probing}

    def run_for(self, seconds):
        """Do passes as the loop does; return the seconds at which each began."""
        began, at = self.clock.monotonic(), []
        while (now := self.clock.monotonic() - began) <= seconds:
            at.append(round(now))
            self.clock.sleep(self.run(intervals={}).next_in.total_seconds())
        return at


class Conditions(NullMemory):
    """Remembers the conditions."""

    def __init__(self):
        self.saved = {}

    def statuses(self):
        return self.saved

    def save_statuses(self, statuses):
        self.saved = statuses


@pytest.fixture
def probing():
    made = Probing()
    made.run(intervals={})
    made.looks()
    return made


def test_an_outage_is_probed_each_two_seconds_and_after_a_minute_each_thirty(probing):
    probing.drivers["fast"].toys[FAST] = ToyState(broken=True)

    at = probing.run_for(150)

    assert at == [*range(0, 60, 2), 60, 90, 120, 150]


def test_a_probe_looks_at_no_other_kind_before_its_interval(probing):
    probing.drivers["fast"].toys[FAST] = ToyState(broken=True)
    probing.drivers["slow"].toys[SLOW] = ToyState(broken=True)

    probing.run_for(58)

    assert probing.looks() == (30, 1)


def test_a_recovery_is_noticed_by_the_next_probe_and_all_kinds_follow(probing):
    probing.drivers["fast"].toys[FAST] = ToyState(broken=True)
    probing.run_for(20)
    probing.drivers["fast"].toys[FAST] = ToyState()
    probing.looks()

    recovered = probing.run(intervals={})
    first = probing.looks()
    probing.clock.sleep(recovered.next_in.total_seconds())
    probing.run(intervals={})

    assert recovered.converged
    assert (first, recovered.next_in) == ((1, 0), timedelta(seconds=1))
    assert probing.looks() == (1, 1)


def test_a_kind_at_work_is_looked_at_during_an_outage(probing):
    probing.drivers["fast"].toys[FAST] = ToyState(broken=True)
    probing.run(intervals={})
    probing.drivers["slow"].toys[SLOW] = ToyState(targets=frozenset())
    probing.clock.sleep(60)
    probing.run(intervals={})
    probing.looks()

    probing.run(intervals={})

    assert probing.looks() == (1, 1)
