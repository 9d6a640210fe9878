"""Progress of a rollout: more running tasks or another stage."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.kinds.service.rollout.progress import RolloutProgress
from tests.builders.rollouts import flight, primary, seen
from tests.fakes.stopped_clock import NOON, StoppedClock

SILENT = {"deployments": ()}
MINUTE = timedelta(minutes=1)


def rollout(running=1, number=2, **more):
    flown = flight(number, "IN_PROGRESS", stage=more.pop("stage", ""))
    deployment = replace(primary(number, "IN_PROGRESS", running), **more)
    return seen(deployment, service_deployment=flown)


def stalled_after(*looks):
    """Return how long the last of several looks, each a minute apart, finds without progress."""
    clock = StoppedClock()
    progress = RolloutProgress(clock)
    for look in looks:
        found = progress.stalled_for(look, SILENT)
        clock.forward(60)
    return found


@pytest.mark.parametrize(
    ("then", "stalled"),
    [
        pytest.param(rollout(), 2 * MINUTE, id="nothing moved"),
        pytest.param(rollout(pending=1), 2 * MINUTE, id="a task starts once more"),
        pytest.param(rollout(failed=3), 2 * MINUTE, id="tasks failed"),
        pytest.param(rollout(running=2), 0 * MINUTE, id="more tasks run"),
        pytest.param(rollout(stage="BAKE_TIME"), 0 * MINUTE, id="the next stage"),
        pytest.param(rollout(desired=5), 0 * MINUTE, id="more are wanted"),
        pytest.param(rollout(number=3), 0 * MINUTE, id="another rollout"),
        pytest.param(seen(primary(2)), 0 * MINUTE, id="it is done"),
    ],
)
def test_progress_is_what_came_further(then, stalled):
    assert stalled_after(rollout(), rollout(), then) == stalled


def test_a_task_that_came_back_is_no_progress():
    looks = (rollout(running=2), rollout(running=1), rollout(running=2))

    assert stalled_after(*looks) == 2 * MINUTE


@pytest.mark.parametrize(
    ("updated", "event", "stalled"),
    [
        pytest.param(20, 30, 20 * MINUTE, id="the deployment moved last"),
        pytest.param(20, 5, 5 * MINUTE, id="something was told since"),
        pytest.param(-1, 30, 0 * MINUTE, id="clocks differ"),
    ],
)
def test_at_the_first_observation_the_last_event_counts(updated, event, stalled):
    answer = {
        "deployments": [{"id": "ecs-svc/2", "updatedAt": NOON - updated * MINUTE}],
        "events": [{"createdAt": NOON - event * MINUTE, "message": "started 1 tasks"}],
    }

    assert RolloutProgress(StoppedClock()).stalled_for(rollout(), answer) == stalled
