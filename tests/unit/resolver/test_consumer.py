"""A consumer uses the machine's resolver, compares, or uses ours and can step back."""

import asyncio

import pytest

from controller.bootstrap.controller import NoFallbacks
from controller.core.dns.answers import Failure, FailureKind, Found, Source
from controller.core.dns.health import NameReport
from controller.core.dns.rollout import Consumer, ResolverMode
from controller.core.errors import TransientError
from controller.resolver import Resolver
from controller.resolver.consumer import ConsumerResolver
from controller.telemetry.metrics import Metrics
from tests.fakes.stopped_clock import StoppedClock

HOST = "mlflow.internal"
OURS, MACHINES = ("10.0.0.1",), ("10.0.0.2",)
TIMEOUT = Failure(FailureKind.TIMEOUT, "silence")


class World:
    """A consumer with answers of both resolvers that may be changed."""

    def __init__(self, mode, ours=OURS, machine=MACHINES):
        self.ours, self.machine = ours, machine
        self.clock, self.metrics = StoppedClock(), Metrics()
        self.queries = 0
        resolver = Resolver(
            NoFallbacks(), self.clock, query=self.query, spawn=lambda work: work()
        )
        self.names = ConsumerResolver(
            Consumer.API,
            resolver,
            mode,
            self.clock,
            metrics=self.metrics,
            machine=lambda _host: self.machine,
            spawn=lambda work: work(),
        )

    def query(self, _host):
        self.queries += 1
        return Found(self.ours, 60) if self.ours else TIMEOUT

    def fail(self, times):
        for _ in range(times):
            self.clock.forward(2)
            with pytest.raises(TransientError):
                self.names.resolve(HOST)

    def counted(self):
        return {r: n for r, n in self.names.state().comparisons.items() if n}


def test_off_uses_the_machine_and_compares_nothing():
    world = World(ResolverMode.OFF)

    assert world.names.addresses(HOST) == MACHINES
    assert (world.queries, world.counted()) == (0, {})


def test_observe_uses_the_machine_and_counts_disagreements():
    world = World(ResolverMode.OBSERVE)

    assert world.names.addresses(HOST) == MACHINES
    world.machine = OURS
    assert world.names.addresses(HOST) == OURS

    assert world.counted() == {"differed": 1, "agreed": 1}
    text = world.metrics.text().decode()
    assert 'dns_comparisons_total{result="differed"} 1.0' in text


def test_observe_in_an_event_loop_is_the_same():
    world = World(ResolverMode.OBSERVE)

    assert asyncio.run(world.names.resolve_async(HOST)).addresses == MACHINES
    assert world.counted() == {"differed": 1}


def test_observe_with_a_machine_that_fails_is_an_error_and_counted():
    world = World(ResolverMode.OBSERVE, machine=())

    with pytest.raises(TransientError, match="by the resolver of the machine"):
        world.names.resolve(HOST)

    assert world.counted() == {"rescued": 1}


def test_on_uses_ours_and_compares_failures_only():
    world = World(ResolverMode.ON)

    assert world.names.addresses(HOST) == OURS
    assert asyncio.run(world.names.resolve_async(HOST)).addresses == OURS
    assert world.counted() == {}


def test_a_rise_in_errors_steps_back_to_observe_and_says_so(caplog):
    world = World(ResolverMode.ON, ours=())
    world.fail(5)

    state = world.names.state()

    assert state.effective is ResolverMode.OBSERVE
    assert "the machine answered 5 lookups that the resolver could not" in (
        state.stepped_back
    )
    assert world.names.addresses(HOST) == MACHINES
    assert [r.mode for r in caplog.records if hasattr(r, "mode")] == ["observe"]


def test_it_returns_when_the_errors_are_old():
    world = World(ResolverMode.ON, ours=())
    world.fail(5)
    assert world.names.mode is ResolverMode.OBSERVE
    world.ours = OURS
    world.clock.forward(340)

    assert world.names.addresses(HOST) == OURS
    assert world.names.state().stepped_back == ""


def test_an_outage_of_all_of_dns_does_not_step_back():
    world = World(ResolverMode.ON, ours=(), machine=())
    world.fail(20)

    assert world.names.mode is ResolverMode.ON
    assert world.counted() == {"both_failed": 20}


@pytest.mark.parametrize("mode", ResolverMode)
def test_a_literal_address_is_not_compared(mode):
    world = World(mode)

    assert world.names.resolve("127.0.0.1").source is Source.LITERAL
    assert world.counted() == {}


def test_few_comparisons_run_at_once():
    world, waiting = World(ResolverMode.OBSERVE), []
    world.names._spawn = waiting.append

    for _ in range(100):
        world.names.resolve(HOST)

    assert len(waiting) == 8


@pytest.mark.parametrize("mode", [ResolverMode.OFF, ResolverMode.OBSERVE])
def test_a_resolver_that_is_not_used_reports_no_failures(mode):
    world = World(mode, ours=())
    world.names.resolver._names.clear()
    with pytest.raises(TransientError):
        world.names.resolver.resolve(HOST)

    assert world.names.report(HOST) == NameReport()
    assert World(ResolverMode.ON).names.report(HOST) == NameReport()


def test_failures_are_reported_with_the_reason_for_a_step_back():
    world = World(ResolverMode.ON, ours=())
    world.fail(1)
    assert world.names.report(HOST) == NameReport(1, "silence")
    world.fail(4)

    assert "the machine answered" in world.names.report(HOST).stepped_back
