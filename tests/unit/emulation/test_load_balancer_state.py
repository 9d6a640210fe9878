"""Targets that receive requests."""

from contextlib import nullcontext

import pytest

from controller.emulation.ecs.effects import TargetRegistration
from controller.emulation.load_balancer.state import LiveState
from controller.emulation.targets import DRAINING, HEALTHY, INITIAL, UNHEALTHY


class Board:
    def __init__(self, *healths):
        self.healths = healths

    def of_group(self, arn):
        found = enumerate(self.healths)
        return {
            TargetRegistration(arn, f"127.0.0.{n}", 80): health for n, health in found
        }


@pytest.mark.parametrize(
    ("healths", "expected"),
    [
        ((HEALTHY, UNHEALTHY, INITIAL), {0}),
        ((HEALTHY, HEALTHY), {0, 1}),
        ((UNHEALTHY, UNHEALTHY, DRAINING), {0, 1}),
        ((INITIAL, DRAINING), set()),
        ((), set()),
    ],
    ids=["healthy only", "all healthy", "fails open", "none yet", "none at all"],
)
def test_healthy_targets_receive_requests_or_all_if_none_is_healthy(healths, expected):
    state = LiveState(None, nullcontext(), Board(*healths))

    assert {int(a.rpartition(".")[2]) for a, _ in state.addresses("g")} == expected
