"""``run`` as a process whose wall clock is set: passes go on, leases stay bounded."""

import signal

import pytest

from tests.builders.fake_time import FakeTime
from tests.builders.waiting import eventually

HOUR = 3_600
LIFETIME = 15
FREQUENT = "region: us-east-1\n  reconcile: {interval: 5s}\n"


@pytest.fixture
def time(here):
    return FakeTime(here / "faketime")


@pytest.mark.parametrize("jump", [-HOUR, HOUR], ids=["back", "forward"])
def test_passes_go_on_when_the_clock_is_set(world, controllers, time, jump):
    world.edit("region: us-east-1\n", FREQUENT)
    controller = controllers(**time.variables).start()
    eventually(controller.leads, within=60)
    controller.await_pass()

    time.set(jump)

    for _ in range(3):
        controller.await_pass(within=30)
    assert "lease lost" not in controller.messages()
    assert controller.end() == 0


def test_a_lease_from_the_future_is_reported_and_holds_for_one_lifetime(
    world, controllers, time
):
    time.set(HOUR)
    ahead = controllers("ahead", **time.variables).start()
    eventually(ahead.leads, within=60)
    ahead.end(signal.SIGKILL)

    after = controllers("after").start()

    eventually(lambda: "holds it" in after.probe("/ready")[1], within=60)
    eventually(after.leads, within=2 * LIFETIME)
    assert "lease from the future: a clock was set back" in after.messages()
