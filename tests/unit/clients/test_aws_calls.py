"""Calls to AWS: pagination, reads and writes, counting, the account."""

from typing import Any

import pytest

from controller.clients.aws import CountingAws, is_write, paginated, verify_account
from controller.core.errors import PermanentError, RefusedError, TransientError

ME = {"Account": "123456789012", "Arn": "arn:aws:sts::123456789012:assumed-role/r/s"}


class Pages:
    """Answers with each page in turn and records the parameters."""

    def __init__(self, *pages: dict[str, Any]) -> None:
        self._pages = iter(pages)
        self.requests: list[dict[str, Any]] = []

    def call(
        self, service: str, operation: str, /, **parameters: Any
    ) -> dict[str, Any]:
        self.requests.append(parameters)
        return next(self._pages)


class Failing:
    """Fails every call."""

    def call(
        self, service: str, operation: str, /, **parameters: Any
    ) -> dict[str, Any]:
        message = f"{service}:{operation} failed"
        raise TransientError(message)


@pytest.mark.parametrize(
    ("field", "parameter"),
    [
        ("nextToken", "nextToken"),
        ("NextToken", "NextToken"),
        ("NextMarker", "Marker"),
    ],
)
def test_every_page_is_read(field, parameter):
    aws = Pages({"items": [1, 2], field: "more"}, {"items": [3]})

    items = list(paginated(aws, "ecs", "ListServices", "items", cluster="c"))

    assert items == [1, 2, 3]
    assert aws.requests == [{"cluster": "c"}, {"cluster": "c", parameter: "more"}]


def test_a_token_that_repeats_is_an_error_and_not_a_loop():
    aws = Pages(*({"items": [1], "nextToken": "same"} for _ in range(3)))

    with pytest.raises(PermanentError, match="ecs:ListServices returned the same"):
        list(paginated(aws, "ecs", "ListServices", "items"))


@pytest.mark.parametrize(
    ("operation", "writes"),
    [("DescribeServices", False), ("GetParameter", False), ("UpdateService", True)],
)
def test_an_operation_is_a_write_unless_known_as_a_read(operation, writes):
    assert is_write(operation) is writes


def test_calls_are_counted_even_when_they_fail():
    aws = CountingAws(Failing())

    for operation in ("DescribeServices", "UpdateService", "UpdateService"):
        with pytest.raises(TransientError):
            aws.call("ecs", operation)

    assert aws.counts == {"ecs:DescribeServices": 1, "ecs:UpdateService": 2}
    assert aws.writes == {"ecs:UpdateService": 2}


def test_the_declared_account_passes():
    verify_account(Pages(ME), "123456789012", "us-east-1")


def test_another_account_is_refused_and_both_are_named():
    with pytest.raises(RefusedError) as refused:
        verify_account(Pages(ME), "999999999999", "us-east-1")

    assert "999999999999" in str(refused.value)
    assert "123456789012" in str(refused.value)


def test_a_region_of_another_partition_is_refused():
    with pytest.raises(RefusedError, match="cn-north-1 is in AWS partition aws-cn"):
        verify_account(Pages(ME), "123456789012", "cn-north-1")


def test_an_account_that_cannot_be_checked_is_refused():
    with pytest.raises(RefusedError, match="could not be checked"):
        verify_account(Failing(), "123456789012", "us-east-1")
