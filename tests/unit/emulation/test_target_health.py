from datetime import timedelta
from types import SimpleNamespace

import pytest

from controller.emulation.clocks import SteppedClock
from controller.emulation.ecs.effects import TargetRegistration
from controller.emulation.targets import (
    HEALTHY,
    INITIAL,
    NOT_IN_USE,
    UNHEALTHY,
    HealthCheck,
    TargetBoard,
    TargetHealth,
    _codes,
    _Entry,
    _record_result,
    probe_target,
)

CHECK = HealthCheck("HTTP", "/", "200", timedelta(seconds=5), 1.0, 3, 2)


def judged(answers, start=INITIAL):
    entry = _Entry(health=start)
    for passed in answers:
        _record_result(entry, CHECK, passed)
    return entry.health


def test_a_new_target_is_healthy_after_one_success():
    assert judged([True]) is HEALTHY
    assert judged([False, True]) is HEALTHY


def test_a_new_target_is_initial_until_enough_failures():
    assert judged([False]) is INITIAL
    assert judged([False, False]) is UNHEALTHY


def test_a_healthy_target_tolerates_a_single_failure():
    assert judged([False, True, False], start=HEALTHY) is HEALTHY
    assert judged([False, False], start=HEALTHY) is UNHEALTHY


def test_an_unhealthy_target_needs_consecutive_successes():
    assert judged([True, True, False, True, True], start=UNHEALTHY) is UNHEALTHY
    assert judged([True, True, True], start=UNHEALTHY) is HEALTHY


@pytest.mark.parametrize(
    ("text", "codes"), [("200", {200}), ("200,301-302", {200, 301, 302})]
)
def test_a_matcher_is_codes_and_ranges(text, codes):
    assert _codes(text) == codes


def test_a_failure_has_the_reason_of_the_last_check():
    wrong = TargetHealth(
        "unhealthy",
        "Target.ResponseCodeMismatch",
        "Health checks failed with these codes: [404]",
    )

    assert judged([wrong, wrong]) is wrong
    assert judged([wrong, False]) is UNHEALTHY
    assert judged([False, False, wrong]) is wrong


@pytest.mark.parametrize("used", [False, True])
def test_a_group_that_no_listener_uses_is_not_checked(used):
    clock, target = SteppedClock(), TargetRegistration("arn", "127.0.0.1", 80)
    group = SimpleNamespace(
        target_type="ip",
        targets={"t": {"Id": target.address, "Port": target.port}},
        matcher={"HttpCode": "200"},
        health_check_protocol="HTTP",
        health_check_path="/",
        health_check_interval_seconds=5,
        health_check_timeout_seconds=2,
        healthy_threshold_count=2,
        unhealthy_threshold_count=2,
    )
    board = TargetBoard(
        clock, lambda: {"arn": group}, lambda *_: True, lambda _arn: used
    )

    board.step()

    assert board.health(target) is (HEALTHY if used else NOT_IN_USE)


def test_only_loopback_addresses_are_probed():
    assert probe_target(TargetRegistration("arn", "10.0.0.1", 80), CHECK) is False
