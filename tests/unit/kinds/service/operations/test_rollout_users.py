"""Attribution of rollouts to users, from the tags of a service."""

from datetime import UTC, datetime, timedelta

import pytest

from controller.core.resources.rollouts import Result, RolloutRecord
from controller.kinds.service.operations.rollout_users import with_users
from controller.kinds.service.tags import ServiceTags, as_pairs

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADA = "ada@laptop: it leaks"
RESTARTED = {
    "hokusai.ai/restarted": "2026-03-01T12:00:00+00:00",
    "hokusai.ai/restarted-by": ADA,
    "hokusai.ai/restarted-after": "ecs-svc/1",
}
RETRIED = {"hokusai.ai/retried": "d1", "hokusai.ai/retried-by": ADA}


def rolled(number, revision="api:1", minutes=0, **more):
    began = NOON + timedelta(minutes=minutes)
    return RolloutRecord(f"arn:d/d{number}", revision, Result.SUCCEEDED, began, **more)


def told(tags, *rollouts):
    """Return what is told of each rollout, the newest first."""
    targets = {one.id: f"arn:r/{one.id[-1]}" for one in rollouts}
    ours = ServiceTags.of({"tags": as_pairs(tags)})
    return [one.intervention for one in with_users(rollouts, ours, targets)]


def test_the_rollout_after_what_was_restarted_is_the_restart():
    rollouts = (rolled(3, minutes=9), rolled(2, minutes=1), rolled(1, minutes=-9))

    assert told(RESTARTED, *rollouts) == ["", f"restarted by {ADA}", ""]


@pytest.mark.parametrize(
    ("tags", "rollouts"),
    [
        pytest.param(RESTARTED, [rolled(1)], id="not begun yet"),
        pytest.param(RESTARTED, [rolled(2, minutes=90), rolled(1)], id="much later"),
        pytest.param(RESTARTED, [rolled(4), rolled(3)], id="forgotten by ECS"),
        pytest.param(
            {**RESTARTED, "hokusai.ai/restarted": "lately"},
            [rolled(2), rolled(1)],
            id="somebody wrote into the tag",
        ),
        pytest.param(RETRIED, [rolled(1)], id="not retried yet"),
        pytest.param(
            RETRIED, [rolled(2, "api:2"), rolled(1)], id="another revision came"
        ),
        pytest.param({}, [rolled(2), rolled(1)], id="nobody asked"),
    ],
)
def test_a_rollout_with_another_cause_is_not_attributed(tags, rollouts):
    assert {*told(tags, *rollouts)} == {""}


@pytest.mark.parametrize("failed", ["d1", "1"])
def test_the_next_rollout_of_the_retried_revision_is_the_retry(failed):
    tags = {**RETRIED, "hokusai.ai/retried": failed}

    assert told(tags, rolled(2), rolled(1)) == [f"retried by {ADA}", ""]


def test_the_rollout_after_the_revision_on_hold_is_the_rollback():
    tags = {"hokusai.ai/set-aside-by": ADA}
    rollouts = (rolled(3), rolled(2, "api:2", set_aside=ADA), rolled(1))

    assert told(tags, *rollouts) == [f"rolled back by {ADA}", "", ""]
    assert told(tags, *rollouts[1:]) == ["", ""]
