"""Throttling and failures cost hardly more attempts than the failures themselves."""

from collections import Counter
from functools import partial

import pytest

from controller.clients.aws.limiter import Limiter
from controller.clients.aws.retrying import RetryingAws
from controller.core.errors import ThrottledError, TransientError
from controller.core.rates.adaptive_rate import CallResult
from controller.core.rates.ecs_rates import RATES
from controller.core.rates.retry import jitter
from controller.core.rates.token_bucket import Rate
from controller.emulation.ecs.throttle import Throttle
from tests.fakes.shared_clock import SharedClock

THREADS, LOST, SECONDS_TO_ANSWER = 8, 0.3, 0.03
# Calls that create a service, in order.
STEPS = (
    "ListTaskDefinitions",
    "DescribeTaskDefinition",
    "RegisterTaskDefinition",
    "ListTaskDefinitions",
    "DescribeTaskDefinition",
    "CreateService",
)


class Account:
    """An account with low rates whose servers fail at times."""

    def __init__(self, clock, rate, seed):
        self.results = Counter()
        self._clock, self._seed, self._sent = clock, seed, 0
        self._limiter = Limiter(clock)
        self._throttle = Throttle()
        self._throttle.limit(dict.fromkeys(RATES, Rate(max(1, rate), rate)))

    def call(self, _service, operation, /, **_parameters):
        permit = self._limiter.wait(operation)
        self._sent += 1
        failed = jitter(f"seed {self._seed}", self._sent) < LOST
        admitted = failed or self._throttle.admits(operation, self._clock.now())
        self._clock.sleep(SECONDS_TO_ANSWER)
        if failed:
            answer, error = CallResult.UNKNOWN, TransientError("503")
        elif admitted:
            answer, error = CallResult.ADMITTED, None
        else:
            answer, error = CallResult.REFUSED, ThrottledError("rate exceeded")
        self.results[answer] += 1
        self._limiter.report(operation, permit, answer)
        if error is not None:
            raise error
        return {}


def create(aws, services):
    """Create ``services`` services; repeat each call until it succeeds."""
    for step in STEPS * services:
        while True:
            try:
                aws.call("ecs", step)
            except TransientError:
                continue
            break


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("rate", [0.5, 1, 3])
def test_few_attempts_are_throttled(seed, rate):
    clock = SharedClock()
    account = Account(clock, rate, seed)
    each = 4

    aws = RetryingAws(account, clock)
    clock.run(*[partial(create, aws, each)] * THREADS)

    # The same as attempts <= 1.05 * needed / (1 - share of attempts that failed).
    needed = THREADS * each * len(STEPS)
    attempts, failed = account.results.total(), account.results[CallResult.UNKNOWN]
    assert account.results[CallResult.ADMITTED] == needed
    assert failed > 0.2 * attempts
    assert attempts - failed <= 1.05 * needed


def test_without_throttling_the_limiter_adds_no_delay():
    clock = SharedClock()
    account = Account(clock, 1_000, seed=1)

    clock.run(*[partial(create, account, 1)] * THREADS)

    assert clock.monotonic() < 30 * SECONDS_TO_ANSWER
