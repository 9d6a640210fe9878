from datetime import timedelta

import pytest

from controller.emulation.ecs.effects import TargetRegistration
from controller.emulation.targets import (
    HEALTHY,
    INITIAL,
    UNHEALTHY,
    HealthCheck,
    _codes,
    _Entry,
    _judge,
    probe_target,
)

CHECK = HealthCheck("HTTP", "/", "200", timedelta(seconds=5), 1.0, 3, 2)


def judged(answers, start=INITIAL):
    entry = _Entry(health=start)
    for passed in answers:
        _judge(entry, CHECK, passed=passed)
    return entry.health


def test_a_new_target_needs_one_good_answer():
    assert judged([True]) is HEALTHY
    assert judged([False, True]) is HEALTHY


def test_a_new_target_is_initial_until_enough_bad_answers():
    assert judged([False]) is INITIAL
    assert judged([False, False]) is UNHEALTHY


def test_a_healthy_target_forgives_a_single_bad_answer():
    assert judged([False, True, False], start=HEALTHY) is HEALTHY
    assert judged([False, False], start=HEALTHY) is UNHEALTHY


def test_an_unhealthy_target_needs_good_answers_in_a_row():
    assert judged([True, True, False, True, True], start=UNHEALTHY) is UNHEALTHY
    assert judged([True, True, True], start=UNHEALTHY) is HEALTHY


@pytest.mark.parametrize(
    ("text", "codes"), [("200", {200}), ("200,301-302", {200, 301, 302})]
)
def test_a_matcher_is_codes_and_ranges(text, codes):
    assert _codes(text) == codes


def test_nothing_but_loopback_is_probed():
    assert probe_target(TargetRegistration("arn", "10.0.0.1", 80), CHECK) is False
