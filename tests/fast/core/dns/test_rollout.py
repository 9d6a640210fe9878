"""Modes of the resolver, and the way back to the machine's."""

import pytest

from controller.core.dns.answers import Source
from controller.core.dns.health import (
    HealthStatus,
    NameHealth,
    name_status,
    success_rate,
)
from controller.core.dns.rollout import (
    ComparisonResult,
    Consumer,
    ResolverMode,
    compared,
    effective_mode,
    parsed_modes,
)
from controller.core.dns.window import Window

ON, OFF, OBSERVE = ResolverMode.ON, ResolverMode.OFF, ResolverMode.OBSERVE


def test_a_mode_is_for_all_consumers_or_for_one():
    assert set(parsed_modes("observe").values()) == {OBSERVE}
    modes = parsed_modes("off, webhooks=on")
    assert modes[Consumer.WEBHOOKS] is ON
    assert modes[Consumer.API] is OFF
    assert parsed_modes("api=off")[Consumer.CONTROLLER] is ON


@pytest.mark.parametrize("text", ["", "maybe", "api=", "mail=on", "api=on,,"])
def test_an_unknown_mode_or_consumer_is_refused(text):
    with pytest.raises(ValueError, match="is not one of"):
        parsed_modes(text)


@pytest.mark.parametrize(
    ("ours", "machine", "expected"),
    [
        (["a", "b"], ["b", "c"], ComparisonResult.AGREED),
        (["a"], ["b"], ComparisonResult.DIFFERED),
        ([], ["b"], ComparisonResult.FAILED),
        (["a"], [], ComparisonResult.RESCUED),
        ([], [], ComparisonResult.BOTH_FAILED),
    ],
)
def test_answers_are_compared(ours, machine, expected):
    assert compared(ours, machine) is expected


def window(failures, successes=0, at=0.0):
    found = Window()
    for number in range(failures + successes):
        found.add(at, success=number >= failures)
    return found


@pytest.mark.parametrize(
    ("failures", "successes", "expected"),
    [(4, 0, ON), (5, 0, OBSERVE), (5, 45, ON), (6, 44, OBSERVE)],
)
def test_a_rise_in_failures_steps_back(failures, successes, expected):
    assert effective_mode(ON, window(failures, successes), 1) is expected


def test_it_steps_forward_again_when_the_failures_are_old():
    assert effective_mode(ON, window(9), 299) is OBSERVE
    assert effective_mode(ON, window(9), 330) is ON


@pytest.mark.parametrize("declared", [OFF, OBSERVE])
def test_only_the_mode_on_steps_back(declared):
    assert effective_mode(declared, window(9), 1) is declared


def test_a_window_forgets():
    found = window(3, 7)
    found.add(290, success=True)

    assert found.totals(290) == (11, 3)
    assert found.totals(310) == (1, 0)
    assert found.totals(900) == (0, 0)


def name(source=Source.DNS, lookups=(100, 0), queries=(10, 0)):
    return NameHealth(
        "a", source, ("10.0.0.1",), 1, 60, 0, "", lookups=lookups, queries=queries
    )


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (name(), HealthStatus.HEALTHY),
        (name(Source.REFRESHING), HealthStatus.HEALTHY),
        (name(Source.STALE), HealthStatus.DEGRADED),
        (name(Source.FALLBACK), HealthStatus.DEGRADED),
        (name(Source.PIN), HealthStatus.DEGRADED),
        (name(None), HealthStatus.UNHEALTHY),
        (name(lookups=(100, 11)), HealthStatus.DEGRADED),
        (name(lookups=(100, 100)), HealthStatus.DEGRADED),
        (name(queries=(10, 2)), HealthStatus.DEGRADED),
        (name(queries=(4, 2)), HealthStatus.HEALTHY),
    ],
)
def test_the_health_of_a_name(found, expected):
    assert name_status(found) is expected


def test_the_success_rate_is_that_of_the_window():
    assert success_rate(name(lookups=(200, 1))) == 0.995
    assert success_rate(name(lookups=(0, 0))) == 1
