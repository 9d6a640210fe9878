"""The next step of a delivery after an attempt."""

from datetime import UTC, datetime, timedelta

import pytest

from controller.core.webhooks.answers import Answered, NotPermitted, Unanswered
from controller.core.webhooks.delivery import (
    Dead,
    DeadCause,
    Delivered,
    RetryAt,
    TargetGone,
)
from controller.core.webhooks.retry_schedule import (
    DeliveryProgress,
    RetrySchedule,
    after_attempt,
)

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
EXACT = RetrySchedule.doubling(5, 2, spread=0)
SPREAD = RetrySchedule.doubling(5, 2)
REFUSED = Unanswered("connection refused")


def after(answer, charged=0, schedule=EXACT, age=0, *, probe=False, key="k"):
    begun = NOON - timedelta(seconds=age)
    progress = DeliveryProgress(charged, begun, is_probe=probe)
    return after_attempt(schedule, answer, progress, NOON, key)


def seconds(step):
    assert isinstance(step, RetryAt)
    return (step.at - NOON).total_seconds()


@pytest.mark.parametrize("charged", [0, 5, 99])
@pytest.mark.parametrize("probe", [False, True])
def test_a_delivery_that_is_not_permitted_costs_no_attempt_and_never_expires(
    charged, probe
):
    step = after(NotPermitted("denied"), charged, age=10**7, probe=probe)

    assert step == RetryAt(NOON, is_charged=False)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_success_is_delivered(status):
    assert after(Answered(status)) == Delivered()


@pytest.mark.parametrize("status", [400, 413, 415, 422, 501])
def test_a_refused_event_is_dead_at_once(status):
    step = after(Answered(status))

    assert isinstance(step, Dead)
    assert step.cause is DeadCause.REFUSED
    assert str(status) in step.reason


def test_a_receiver_that_is_gone_keeps_the_delivery():
    assert isinstance(after(Answered(410)), TargetGone)


@pytest.mark.parametrize(
    ("charged", "expected"), [(0, 2), (1, 4), (2, 8), (3, 16), (4, 32)]
)
def test_the_delays_are_2_4_8_16_and_32_seconds(charged, expected):
    assert after(REFUSED, charged) == RetryAt(NOON + timedelta(seconds=expected))


def test_the_sixth_failure_is_the_last_without_a_tail():
    step = after(REFUSED, charged=5)

    assert step == Dead("6 attempts failed; last failure: connection refused")
    assert step.cause is DeadCause.EXHAUSTED


def test_the_tail_follows_and_lasts_about_three_days():
    tail = (300, 1800, 7200, 18000, 36000, 36000, 72000, 86400)
    schedule = RetrySchedule.doubling(5, 2, tail, spread=0)

    assert seconds(after(REFUSED, 5, schedule)) == 300
    assert seconds(after(REFUSED, 12, schedule)) == 86400
    assert isinstance(after(REFUSED, 13, schedule), Dead)
    assert timedelta(days=2.9) < schedule.length < timedelta(days=3.1)


@pytest.mark.parametrize("status", [302, 401, 403, 404, 405, 408, 500, 503])
def test_an_error_that_somebody_can_correct_does_not_cost_the_event(status):
    assert isinstance(after(Answered(status)), RetryAt)


@pytest.mark.parametrize("charged", [0, 4, 5, 50])
@pytest.mark.parametrize("answer", [Answered(429, 90), Answered(503, 90)])
def test_a_postponement_takes_its_time_and_costs_no_attempt(answer, charged):
    step = after(answer, charged)

    assert step == RetryAt(NOON + timedelta(seconds=90), is_charged=False)


def test_a_receiver_that_names_no_time_gets_that_of_the_schedule_and_at_least_5_s():
    assert seconds(after(Answered(429))) == 5
    assert seconds(after(Answered(429), charged=3)) == 16
    assert not after(Answered(429)).is_charged


def test_a_receiver_cannot_postpone_for_ever():
    step = after(Answered(429, 90), age=62)

    assert isinstance(step, Dead)
    assert "not accepted within" in step.reason


def test_a_failed_probe_costs_no_attempt_until_the_schedule_is_over():
    assert after(REFUSED, charged=9, probe=True, age=61) == RetryAt(
        NOON, is_charged=False
    )
    assert isinstance(after(REFUSED, probe=True, age=62), Dead)


def test_delays_are_spread_by_a_fifth_and_equal_for_equal_keys():
    found = [
        seconds(after(REFUSED, 4, SPREAD, key=f"k{number}")) for number in range(50)
    ]

    assert 32 * 0.8 <= min(found) < 30
    assert 34 < max(found) <= 32 * 1.2
    assert found[7] == seconds(after(REFUSED, 4, SPREAD, key="k7"))
