"""Each hint of MLflow requests one pass, and none is lost that MLflow repeats."""

import asyncio

import pytest

from controller.api.hints import HintReceiver
from controller.core.errors import StoreUnavailableError, TransientError
from controller.core.webhooks.mlflow_requests import (
    DELIVERY_HEADER,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    TOLERANCE,
    mlflow_signature,
)
from tests.fakes.stopped_clock import StoppedClock

BODY = b"{}"


class World:
    """A process that accepts hints.

    Attributes:
        secrets: Accepted secrets; None without a declared hint.
        rotated: Secrets after they were read again.
        failures: Errors of the next requests for a pass.
        reads: Arguments with which the secrets were read.
    """

    def __init__(self):
        self.secrets = self.rotated = ("s3cret",)
        self.failures, self.passes, self.reads, self.outcomes = [], 0, [], []
        self.clock = StoppedClock()
        self.receiver = HintReceiver(self._read, self._accept, self.clock, self)

    async def _read(self, again):
        self.reads.append(again)
        if isinstance(self.secrets, Exception):
            raise self.secrets
        return self.rotated if again else self.secrets

    async def _accept(self):
        if self.failures:
            raise self.failures.pop()
        self.passes += 1

    def count(self, _metric, *, outcome):
        self.outcomes.append(outcome)

    def hint(self, delivery="d-1", secret="s3cret"):  # noqa: S107 - of this test
        timestamp = str(int(self.clock.now().timestamp()))
        headers = {
            DELIVERY_HEADER: delivery,
            TIMESTAMP_HEADER: timestamp,
            SIGNATURE_HEADER: mlflow_signature(secret, delivery, timestamp, BODY),
        }
        return self.send(headers)

    def send(self, headers):
        status, _text = asyncio.run(self.receiver.answer(headers, BODY))
        return status


@pytest.fixture
def world():
    return World()


def test_a_hint_requests_a_pass(world):
    assert world.hint() == 202
    assert (world.passes, world.outcomes) == (1, ["accepted"])
    assert world.reads == [False]


def test_a_replayed_hint_requests_no_second_pass(world):
    world.hint()
    world.clock.forward(TOLERANCE.total_seconds())

    assert world.hint() == 401
    assert world.passes == 1


@pytest.mark.parametrize("secret", ["another", ""])
def test_a_forged_hint_requests_no_pass(world, secret):
    assert world.hint(secret=secret) == 401
    assert world.send({}) == 401
    assert (world.passes, world.outcomes) == (0, ["refused"] * 2)


def test_a_secret_that_was_rotated_is_read_again(world):
    world.rotated = ("n3xt",)

    assert world.hint(secret="n3xt") == 202
    assert world.reads == [False, True]


def test_without_a_declared_hint_the_path_does_not_exist(world):
    world.secrets = None

    assert world.hint() == 404
    assert world.outcomes == ["unavailable"]


def test_a_secret_that_cannot_be_read_makes_mlflow_try_again(world):
    world.secrets = TransientError("no answer")

    assert world.hint() == 503
    assert world.passes == 0


def test_a_hint_that_could_not_be_passed_on_is_accepted_when_it_is_repeated(world):
    world.failures = [StoreUnavailableError("no answer")]

    assert [world.hint(), world.hint()] == [503, 202]
    assert (world.passes, world.outcomes) == (1, ["unavailable", "accepted"])
