"""Calls are repeated after transient errors if a repeat is safe."""

import pytest

from controller.clients.aws.retrying import RetryingAws
from controller.core.errors import (
    OutcomeUnknownError,
    PermanentError,
    ThrottledError,
    TransientError,
)
from tests.fakes.stopped_clock import StoppedClock


class Failing:
    def __init__(self, *errors):
        self.errors = [*errors]
        self.calls = 0

    def call(self, _service, _operation, /, **_parameters):
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return {"done": True}


def retrying(inner):
    return RetryingAws(inner, StoppedClock())


@pytest.mark.parametrize(
    ("operation", "error"),
    [
        pytest.param("DescribeServices", TransientError("503"), id="a read"),
        pytest.param("UpdateService", TransientError("503"), id="idempotent"),
        pytest.param(
            "RegisterTaskDefinition", TransientError("503"), id="duplicate removed"
        ),
        pytest.param("TagRole", ThrottledError("rate"), id="throttled"),
    ],
)
def test_a_call_that_is_safe_to_repeat_is_repeated(operation, error):
    aws = Failing(error, error)

    assert retrying(aws).call("ecs", operation) == {"done": True}
    assert aws.calls == 3


@pytest.mark.parametrize(
    ("operation", "error"),
    [
        pytest.param("RegisterTaskDefinition", OutcomeUnknownError("?"), id="lost"),
        pytest.param("TagRole", TransientError("503"), id="unfamiliar"),
        pytest.param("UpdateService", OutcomeUnknownError("?"), id="in doubt"),
        pytest.param("DescribeServices", PermanentError("denied"), id="refused"),
    ],
)
def test_a_call_that_is_not_safe_to_repeat_is_sent_once(operation, error):
    aws = Failing(error)

    with pytest.raises(type(error)):
        retrying(aws).call("ecs", operation)
    assert aws.calls == 1


def test_the_number_of_attempts_is_limited():
    aws = Failing(*[ThrottledError("rate")] * 50)

    with pytest.raises(ThrottledError):
        retrying(aws).call("ecs", "DescribeServices")
    assert aws.calls == 6
