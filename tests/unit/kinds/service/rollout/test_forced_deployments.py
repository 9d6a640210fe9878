"""Forced deployments are not repeated while reads of ECS lag."""

from dataclasses import replace

from controller.kinds.service.rollout.forced_deployments import (
    LONGEST_LAG,
    ForcedDeployments,
)
from tests.builders.services import deployment, spec, state
from tests.fakes.stopped_clock import StoppedClock

BEFORE = state(spec())
STARTED = replace(deployment(), id="ecs-svc/2")


def test_a_started_deployment_is_hidden_until_a_read_shows_it():
    forced = ForcedDeployments(StoppedClock())

    forced.started(BEFORE.arn, STARTED.id)
    hidden = forced.is_hidden(BEFORE)
    shown = forced.is_hidden(replace(BEFORE, deployments=(STARTED,)))
    rolled_back = forced.is_hidden(BEFORE)

    assert (hidden, shown, rolled_back) == (True, False, False)


def test_a_deployment_that_never_shows_delays_the_next_one_for_a_minute():
    clock = StoppedClock()
    forced = ForcedDeployments(clock)

    forced.started(BEFORE.arn, STARTED.id)
    clock.sleep(LONGEST_LAG.total_seconds())

    assert not forced.is_hidden(BEFORE)


def test_other_services_are_not_delayed():
    forced = ForcedDeployments(StoppedClock())

    forced.started("arn:another", STARTED.id)

    assert not forced.is_hidden(BEFORE)
