"""What becomes of a delivery after an attempt."""

from datetime import UTC, datetime, timedelta

import pytest

from controller.core.webhooks.delivery import (
    Answered,
    Dead,
    Delivered,
    DeliveryPolicy,
    RetryAt,
    Unanswered,
    after_attempt,
)

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
EXACT = DeliveryPolicy.doubling(5, 2, spread=0)
SPREAD = DeliveryPolicy.doubling(5, 2)
REFUSED = Unanswered("connection refused")


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_success_is_delivered(status):
    assert after_attempt(EXACT, Answered(status), 1, NOON, "k") == Delivered()


@pytest.mark.parametrize("status", [400, 401, 404, 410, 413, 422])
def test_what_repeating_will_not_mend_is_dead_at_once(status):
    step = after_attempt(EXACT, Answered(status), 1, NOON, "k")

    assert isinstance(step, Dead)
    assert str(status) in step.reason


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(1, 2), (2, 4), (3, 8), (4, 16), (5, 32)]
)
def test_the_waits_are_2_4_8_16_and_32_seconds(attempt, seconds):
    at = NOON + timedelta(seconds=seconds)

    assert after_attempt(EXACT, REFUSED, attempt, NOON, "k") == RetryAt(at)


def test_the_sixth_failure_is_the_last_and_says_why():
    step = after_attempt(EXACT, REFUSED, 6, NOON, "k")

    assert step == Dead("6 attempts failed; last failure: connection refused")


@pytest.mark.parametrize("status", [302, 408, 429, 500, 503])
def test_what_may_pass_is_tried_again(status):
    assert isinstance(after_attempt(EXACT, Answered(status), 1, NOON, "k"), RetryAt)


def test_the_receiver_may_ask_for_more_time_but_not_for_less():
    patient = after_attempt(EXACT, Answered(503, retry_after=90), 1, NOON, "k")
    hasty = after_attempt(EXACT, Answered(503, retry_after=0.1), 1, NOON, "k")

    assert patient == RetryAt(NOON + timedelta(seconds=90))
    assert hasty == RetryAt(NOON + timedelta(seconds=2))


def test_waits_are_spread_by_a_fifth_and_equal_for_equal_keys():
    waits = [after_attempt(SPREAD, REFUSED, 5, NOON, f"k{n}") for n in range(50)]
    seconds = [w.at.timestamp() - NOON.timestamp() for w in waits if type(w) is RetryAt]

    assert 32 * 0.8 <= min(seconds) < 30
    assert 34 < max(seconds) <= 32 * 1.2
    assert waits[7] == after_attempt(SPREAD, REFUSED, 5, NOON, "k7")


def test_a_schedule_of_its_own_says_each_delay():
    policy = DeliveryPolicy((1, 60), spread=0)

    steps = [after_attempt(policy, REFUSED, number, NOON, "k") for number in (1, 2, 3)]

    assert steps[:2] == [
        RetryAt(NOON + timedelta(seconds=1)),
        RetryAt(NOON + timedelta(seconds=60)),
    ]
    assert isinstance(steps[2], Dead)


def test_without_retries_the_first_failure_is_the_last():
    policy = DeliveryPolicy.doubling(0, 2)

    assert isinstance(after_attempt(policy, REFUSED, 1, NOON, "k"), Dead)
