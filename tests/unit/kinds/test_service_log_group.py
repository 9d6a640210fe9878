"""A log group that was begun is finished; others' are left as they are."""

import pytest

from controller.core.errors import ConflictError
from controller.core.identity import OWNER_TAG
from controller.core.platform import Platform
from controller.kinds.service.driver import ServiceDriver
from tests.fakes.stopped_clock import StoppedClock
from tests.unit.kinds.test_service import spec

PLATFORM = Platform("hokusai", "development", "123456789012", "us-east-1")
OWNER = PLATFORM.owner


class Logs:
    """CloudWatch with one log group that is there already."""

    def __init__(self, owner, days=None):
        self.owner, self.days = owner, days

    def call(self, service, operation, /, **asked):
        if operation == "CreateLogGroup":
            raise ConflictError(asked["logGroupName"])
        if operation == "DescribeLogGroups":
            days = {} if self.days is None else {"retentionInDays": self.days}
            name = asked["logGroupNamePrefix"]
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

    ServiceDriver(logs, PLATFORM, StoppedClock())._ensure_log_group(spec())

    assert logs.days == expected
