"""Outages of ten minutes, on a clock that only the supervisor advances."""

import asyncio
from types import SimpleNamespace

import pytest

from controller.app import daemon
from controller.core.errors import (
    PermanentError,
    RefusedError,
    StoreUnavailableError,
)
from tests.fakes.stopped_clock import StoppedClock
from tests.fakes.store import empty_store

TEN_MINUTES = 600
INTERVAL = 60
AWAY = StoreUnavailableError("the store could not be read: no answer")


class Supervisor(daemon._Supervisor):
    """A supervisor whose pauses advance the clock; it notes what probes would say."""

    def __init__(self, clock):
        Supervisor.running = self
        self.clock = clock
        self.seen = set()
        context = SimpleNamespace(settings=None, environ={})
        super().__init__(None, context, clock)

    async def _serve(self):
        await self._stop.wait()

    async def _pause(self, pause):
        self.seen.add((self._stuck(), self._not_ready()))
        self.clock.forward(pause.total_seconds())
        await asyncio.sleep(0)


class World:
    """A store that is away at times, and the terms that began.

    Attributes:
        error: Error of the store during an outage.
        outages: Start and end of each outage, by the monotonic clock.
        terms: Monotonic time at which each term began.
        ends: Reasons of the ends of the terms; the last term ends with a stop.
    """

    def __init__(self, clock):
        self.clock = clock
        self.database = empty_store(clock)
        self.error = AWAY
        self.outages = []
        self.terms = []
        self.ends = []

    def open(self, *_arguments, **_options):
        now = self.clock.monotonic()
        if any(begin <= now < end for begin, end in self.outages):
            raise self.error
        return SimpleNamespace(database=_Kept(self.database))

    def term(self, _process, _stored, leader, _announced):
        world = self

        class Term:
            stalled = ""

            async def run(self, stop):
                world.terms.append(world.clock.monotonic())
                world.clock.forward(1)
                reason = world.ends.pop(0)
                if not reason:
                    leader.release()
                    # Without the deadline of a stop, which would end this process.
                    Supervisor.running._shutdown.asked.set()
                    Supervisor.running._stop.set()
                return reason

            def stuck(self):
                return ""

        return Term()


class _Kept:
    """The shared store of the tests, which nothing closes."""

    def __init__(self, database):
        self._database = database

    def __getattr__(self, name):
        return getattr(self._database, name)

    def close(self):
        pass


class _NoDeliveries:
    """Deliveries of a store without any."""

    def __init__(self, *_arguments):
        pass

    def wake(self):
        pass

    async def run(self, stop):
        await stop.wait()


@pytest.fixture
def clock():
    return StoppedClock()


@pytest.fixture
def world(clock, monkeypatch):
    world = World(clock)
    monkeypatch.setattr(daemon, "open_store", world.open)
    monkeypatch.setattr(daemon, "LeadershipTerm", world.term)
    monkeypatch.setattr(daemon, "ReplicaDeliveries", _NoDeliveries)
    return world


def run(clock):
    """Run a supervisor to its end; return what probes would have said meanwhile."""

    async def main():
        supervisor = Supervisor(clock)
        async with asyncio.timeout(20):
            await supervisor.main()
        return supervisor.seen

    return asyncio.run(main())


def test_a_start_during_an_outage_of_ten_minutes_leads_within_an_interval(world, clock):
    world.outages = [(0, TEN_MINUTES)]
    world.ends = [""]

    seen = run(clock)

    assert seen == {("", f"waiting for the store: {AWAY}")}
    assert TEN_MINUTES <= world.terms[0] <= TEN_MINUTES + INTERVAL


def test_a_term_that_lost_the_store_for_ten_minutes_is_followed_by_another(
    world, clock
):
    world.outages = [(0.001, TEN_MINUTES)]
    world.ends = [str(AWAY), ""]
    seen = run(clock)

    assert {stuck for stuck, _ in seen} == {""}
    assert all(reason for _, reason in seen)
    assert len(world.terms) == 2
    assert TEN_MINUTES <= world.terms[1] <= TEN_MINUTES + INTERVAL


@pytest.mark.parametrize("error", [RefusedError("too new"), PermanentError("denied")])
def test_an_error_that_does_not_pass_ends_a_start(world, clock, error):
    world.outages, world.error = [(0, TEN_MINUTES)], error

    with pytest.raises(type(error)):
        run(clock)


def test_a_refusal_ends_a_process_that_has_led(world, clock):
    world.outages, world.error = [(0.001, TEN_MINUTES)], RefusedError("too new")
    world.ends = ["lost"]
    with pytest.raises(RefusedError):
        run(clock)


def test_a_permanent_error_does_not_end_a_process_that_has_led(world, clock):
    world.outages, world.error = [(0.001, TEN_MINUTES)], PermanentError("denied")
    world.ends = ["lost", ""]
    run(clock)

    assert TEN_MINUTES <= world.terms[1] <= TEN_MINUTES + INTERVAL
