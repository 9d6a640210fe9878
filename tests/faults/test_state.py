"""What makes two states alike, and what does not."""

from datetime import timedelta

import pytest

from tests.faults.saving import restored
from tests.faults.search import case_of
from tests.faults.state import state_key
from tests.faults.world import CLUSTER


@pytest.mark.parametrize(
    ("shift", "alike"),
    [
        pytest.param(timedelta(seconds=-5), True, id="a little longer ago"),
        pytest.param(timedelta(hours=-1), False, id="too long ago to count"),
        pytest.param(timedelta(hours=2), False, id="ahead of a clock that went back"),
    ],
)
def test_states_are_alike_if_what_happened_lies_on_the_same_side_of_now(shift, alike):
    case = case_of("image rollout")
    restored(case.world, case.boundaries[-1].snapshot)
    before = state_key(case.world, 0)

    services = case.world.aws.ecs.simulator.world.clusters[CLUSTER].services
    for service in services.values():
        for deployment in service.deployments:
            deployment.updated_at += shift

    assert (state_key(case.world, 0) == before) is alike
