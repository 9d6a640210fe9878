"""A call that failed for a moment is repeated, where that is safe."""

import pytest

from controller.clients.aws.retrying import PatientAws
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

    def call(self, _service, _operation, /, **_asked):
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return {"done": True}


def patient(inner):
    return PatientAws(inner, StoppedClock())


@pytest.mark.parametrize(
    ("operation", "error"),
    [
        pytest.param("DescribeServices", TransientError("503"), id="a read"),
        pytest.param("UpdateService", TransientError("503"), id="the same twice"),
        pytest.param("RegisterTaskDefinition", TransientError("503"), id="looked for"),
        pytest.param("TagRole", ThrottledError("rate"), id="throttled"),
    ],
)
def test_what_does_no_more_the_second_time_is_asked_again(operation, error):
    aws = Failing(error, error)

    assert patient(aws).call("ecs", operation) == {"done": True}
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
def test_what_may_do_harm_or_no_good_is_not_repeated(operation, error):
    aws = Failing(error)

    with pytest.raises(type(error)):
        patient(aws).call("ecs", operation)
    assert aws.calls == 1


def test_patience_ends():
    aws = Failing(*[ThrottledError("rate")] * 50)

    with pytest.raises(ThrottledError):
        patient(aws).call("ecs", "DescribeServices")
    assert aws.calls == 6
