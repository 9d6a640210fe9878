"""Log groups: an incomplete one is completed, unmanaged ones are not changed."""

from datetime import timedelta

import pytest

from controller.core.errors import ConflictError
from controller.core.resources.plan import Effect
from controller.core.values.identity import OWNER_TAG
from controller.emulation.clocks import SteppedClock
from controller.kinds.service.compare.diff import compare
from controller.kinds.service.logs.aws.groups import LogGroups
from tests.builders.services import spec, state

OWNER = "hokusai/development"
GROUP = "/ecs/hokusai-api-development"


class Logs:
    """CloudWatch with one log group that is there already."""

    def __init__(self, owner, days=None):
        self.owner, self.days = owner, days
        self.calls: list[str] = []

    def call(self, service, operation, /, **asked):
        self.calls.append(operation)
        if operation == "CreateLogGroup":
            raise ConflictError(asked["logGroupName"])
        if operation == "DescribeLogGroups":
            days = {} if self.days is None else {"retentionInDays": self.days}
            name = GROUP
            assert name.startswith(asked["logGroupNamePrefix"])
            return {"logGroups": [{"logGroupName": name, "arn": "arn:*", **days}]}
        if operation == "ListTagsForResource":
            return {"tags": {OWNER_TAG: self.owner}}
        self.days = asked["retentionInDays"]
        return {}


@pytest.mark.parametrize(
    ("owner", "days", "expected"),
    [
        pytest.param(OWNER, None, 30, id="ours and unfinished"),
        pytest.param(OWNER, 90, 90, id="ours and changed since"),
        pytest.param("other/development", None, None, id="another's, kept for ever"),
    ],
)
def test_only_our_own_unfinished_log_group_gets_a_retention(owner, days, expected):
    logs = Logs(owner, days)

    LogGroups(logs, OWNER, SteppedClock()).ensure(spec())

    assert logs.days == expected


@pytest.mark.parametrize(
    ("owner", "days", "seen"),
    [
        pytest.param(OWNER, 30, 30, id="ours, as declared"),
        pytest.param(OWNER, 90, 90, id="ours, changed by somebody"),
        pytest.param(OWNER, None, 0, id="ours, for ever"),
        pytest.param("other/development", 90, None, id="another's"),
    ],
)
def test_the_retention_of_our_own_groups_is_seen(owner, days, seen):
    groups = LogGroups(Logs(owner, days), OWNER, SteppedClock())

    assert groups.retentions([spec()]).get(GROUP) == seen


def test_log_groups_are_looked_at_once_a_minute():
    logs, clock = Logs(OWNER, 30), SteppedClock()
    groups = LogGroups(logs, OWNER, clock)

    for _ in range(3):
        groups.retentions([spec(), spec()])
    once = list(logs.calls)
    clock.advance(timedelta(seconds=60))
    groups.retentions([spec()])

    assert once == ["DescribeLogGroups"]
    assert logs.calls == ["DescribeLogGroups"] * 2


def test_a_changed_retention_is_restored_in_place():
    seen = state(spec(), retention=90)

    (change,) = compare(spec(), seen)

    assert (change.path, change.before, change.after) == ("log_retention_days", 90, 30)
    assert change.effect is Effect.IN_PLACE
    assert compare(spec(), state(spec())) == ()
