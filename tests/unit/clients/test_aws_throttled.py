"""Throttled and failing, all is done with hardly more attempts than failures cost."""

from collections import Counter
from functools import partial

import pytest

from controller.clients.aws.limiter import Limiter
from controller.clients.aws.retrying import PatientAws
from controller.core.errors import ThrottledError, TransientError
from controller.core.rates.adaptive_rate import CallResult
from controller.core.rates.ecs_rates import RATES
from controller.core.rates.retry import jitter
from controller.core.rates.token_bucket import Rate
from controller.emulation.ecs.throttle import Throttle
from tests.fakes.shared_clock import SharedClock

THREADS, LOST, SECONDS_TO_ANSWER = 8, 0.3, 0.03
# What making a service asks of ECS, one after the other.
STEPS = (
    "ListTaskDefinitions",
    "DescribeTaskDefinition",
    "RegisterTaskDefinition",
    "ListTaskDefinitions",
    "DescribeTaskDefinition",
    "CreateService",
)


class Account:
    """An account whose rates others use up, and whose servers fail at times."""

    def __init__(self, clock, rate, seed):
        self.came = Counter()
        self._clock, self._seed, self._sent = clock, seed, 0
        self._limiter = Limiter(clock)
        self._throttle = Throttle()
        self._throttle.limit(dict.fromkeys(RATES, Rate(max(1, rate), rate)))

    def call(self, _service, operation, /, **_asked):
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
        self.came[answer] += 1
        self._limiter.answered(operation, permit, answer)
        if error is not None:
            raise error
        return {}


def make(aws, services):
    """Make so many services; whatever a call's patience did not suffice for, again."""
    for step in STEPS * services:
        while True:
            try:
                aws.call("ecs", step)
            except TransientError:
                continue
            break


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("rate", [0.5, 1, 3])
def test_few_attempts_but_those_that_failed_do_nothing(seed, rate):
    clock = SharedClock()
    account = Account(clock, rate, seed)
    each = 4

    aws = PatientAws(account, clock)
    clock.run(*[partial(make, aws, each)] * THREADS)

    # The same as attempts <= 1.05 * needed / (1 - share of attempts that failed).
    needed = THREADS * each * len(STEPS)
    attempts, failed = account.came.total(), account.came[CallResult.UNKNOWN]
    assert account.came[CallResult.ADMITTED] == needed
    assert failed > 0.2 * attempts
    assert attempts - failed <= 1.05 * needed


def test_where_nobody_throttles_it_takes_no_longer_than_the_answers():
    clock = SharedClock()
    account = Account(clock, 1_000, seed=1)

    clock.run(*[partial(make, account, 1)] * THREADS)

    assert clock.monotonic() < 30 * SECONDS_TO_ANSWER
