"""Services that depend on each other roll out in waves, each after the one before."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.core.planning.safety import SafetyLimits
from controller.core.resources.plan import Hold
from controller.emulation.clocks import SteppedClock
from controller.emulation.runtimes.scripted import Script, ScriptedRuntime
from controller.emulation.server import EmulatorServer
from tests.builders.emulated_service import CRASHES, World
from tests.builders.reconcile_loop import declared


class Wave:
    """Services at some version; ``web`` depends on all others."""

    def __init__(self, world, *names):
        self.world, self.names = world, names

    def at(self, version):
        first = [self.one(name, version) for name in self.names]
        needs = frozenset(resource.id for resource in first)
        return [*first, replace(self.one("web", version), depends_on=needs)]

    def one(self, name, version):
        image = f"{name}-team:{version}"
        fields = {"image": image, "network": self.world.network}
        return declared("service", name, fields, generation=f"v1:{image}")

    def go(self, version, passes=1, limits=None):
        return self.world.run(*self.at(version), passes=passes, limits=limits)

    def versions(self):
        """Return the revision that each service is set to."""
        services = {n: self.world.service(n) for n in (*self.names, "web")}
        return {n: s["taskDefinition"].rpartition(":")[2] for n, s in services.items()}

    def under_way(self):
        return sum(
            self.world.service(name)["deployments"][0]["rolloutState"] == "IN_PROGRESS"
            for name in (*self.names, "web")
        )


@pytest.fixture
def world():
    runtime = ScriptedRuntime()
    with EmulatorServer(runtime=runtime, clock=SteppedClock()) as server:
        yield World(server, runtime)


def test_the_next_wave_begins_when_the_previous_one_is_healthy(world):
    wave = Wave(world, "a", "b")
    wave.go(1, passes=8)
    world.runtime.scripts["b-team:2"] = Script(starts_after=timedelta(minutes=2))

    early = wave.go(2, passes=2), wave.versions()
    late = wave.go(2, passes=10), wave.versions()

    assert early[1] == {"a": "2", "b": "2", "web": "1"}
    assert late[0].converged
    assert late[1] == {"a": "2", "b": "2", "web": "2"}


def test_when_one_of_a_wave_is_rejected_the_others_end_well_and_the_next_stays(world):
    wave = Wave(world, "a", "b")
    wave.go(1, passes=8)
    world.runtime.scripts["a-team:2"] = CRASHES

    result = wave.go(2, passes=30)

    holds = {b.target.name: b.hold for b in result.left.blocked}
    assert holds == {"a": Hold.REVISION_REJECTED, "web": Hold.DEPENDENCY_NOT_READY}
    assert wave.versions() == {"a": "1", "b": "2", "web": "1"}
    assert result.settled


def test_the_next_wave_continues_after_the_failure_is_fixed(world):
    wave = Wave(world, "a")
    wave.go(1, passes=8)
    world.runtime.scripts["a-team:2"] = CRASHES
    wave.go(2, passes=30)

    assert wave.go(3, passes=15).converged
    assert wave.versions()["web"] == "2"


def test_no_more_rollouts_than_allowed_are_under_way_those_that_fail_included(world):
    names = ("a", "b", "c", "d", "e")
    wave = Wave(world, *names)
    wave.go(1, passes=8)
    world.runtime.scripts["a-team:2"] = CRASHES
    slow = Script(starts_after=timedelta(seconds=40))
    world.runtime.scripts |= {f"{name}-team:2": slow for name in names[1:]}

    most, limits = 0, SafetyLimits(max_disruptive_actions=2)
    for _ in range(40):
        world.machine.run(*wave.at(2), limits=limits)
        most = max(most, wave.under_way())
        world.server.advance(timedelta(seconds=10))

    assert most == 2
    assert wave.versions() == {**dict.fromkeys(names, "2"), "a": "1", "web": "1"}
