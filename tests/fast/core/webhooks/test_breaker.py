"""The circuit breaker of a target: opens, probes, closes, and lets more through."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from controller.core.webhooks.breaker import (
    CLOSED,
    Breaker,
    BreakerPolicy,
    after_block,
    after_failure,
    after_postponement,
    after_success,
    has_recovered,
)

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
POLICY = BreakerPolicy()
PAUSE = timedelta(seconds=30)


def failed(times, breaker=CLOSED, now=NOON):
    for _ in range(times):
        breaker = after_failure(POLICY, breaker, now)
    return breaker


def test_it_opens_at_the_fifth_failure_in_a_row():
    assert failed(4).is_closed
    assert failed(5).open_until == NOON + PAUSE


def test_a_success_starts_the_count_again():
    assert failed(4, after_success(failed(4))).is_closed


def test_nothing_is_sent_while_it_is_open_and_one_delivery_probes_afterwards():
    opened = failed(5)

    assert opened.allowance(NOON, 8) == 0
    assert opened.blocked_until(NOON) == NOON + PAUSE
    assert opened.allowance(NOON + PAUSE, 8) == 1


def test_attempts_in_progress_when_it_opened_do_not_prolong_the_pause():
    assert failed(8).open_until == NOON + PAUSE


def test_a_receiver_is_probed_soon_in_a_short_outage_and_seldom_in_a_long_one():
    breaker, pauses = failed(5), {}
    while breaker.open_until < NOON + timedelta(days=3):
        now = breaker.open_until
        breaker = after_failure(POLICY, breaker, now)
        pauses[now - NOON] = breaker.open_until - now

    for outage, pause in pauses.items():
        expected = max(PAUSE, min(outage / 60, timedelta(minutes=15)))
        assert abs(pause - expected) < timedelta(milliseconds=1), outage
    assert len(pauses) < 700


def test_the_pause_is_the_shortest_one_if_the_time_of_the_opening_is_not_known():
    opened = replace(failed(5), opened=None)

    assert after_failure(POLICY, opened, NOON + PAUSE).open_until == NOON + 2 * PAUSE


def test_an_accepted_probe_closes_it_and_more_follow_slowly():
    opened = failed(5)
    breaker = after_success(opened)
    allowed = []
    for _ in range(9):
        allowed.append(breaker.allowance(NOON, 16))
        breaker = after_success(breaker)

    assert has_recovered(opened, after_success(opened))
    assert allowed == [1, 2, 4, 8, 16, 16, 16, 16, 16]
    assert breaker == CLOSED


def test_a_failure_after_the_recovery_is_counted_from_one():
    assert failed(4, after_success(failed(5))).is_closed


def test_a_pause_that_the_receiver_asks_for_is_no_failure():
    paused = after_postponement(CLOSED, NOON + PAUSE)

    assert paused.is_closed
    assert paused.allowance(NOON, 8) == 0
    assert paused.allowance(NOON + PAUSE, 8) == 8
    assert after_postponement(paused, NOON) == paused


def test_a_target_that_the_configuration_blocks_pauses_without_a_failure():
    opened = failed(5)
    for breaker in (CLOSED, opened):
        blocked = after_block(breaker, NOON)

        assert blocked == replace(breaker, paused_until=NOON + 10 * PAUSE)
        assert blocked.allowance(NOON + 10 * PAUSE, 1) == 1


def test_a_disabled_target_gets_nothing():
    disabled = Breaker(disabled="gone")

    assert disabled.allowance(NOON, 8) == 0
    assert not disabled.is_closed
