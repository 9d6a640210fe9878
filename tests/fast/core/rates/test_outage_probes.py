"""Interval of the probes during an outage."""

from datetime import timedelta

from controller.core.rates.outage_probes import probe_interval


def probes(duration):
    """Return the seconds of an outage at which a probe is sent."""
    at, found = 0, []
    while at <= duration:
        found.append(at)
        at += int(probe_interval(timedelta(seconds=at)).total_seconds())
    return found


def test_the_first_minute_has_a_probe_each_two_seconds_and_then_each_thirty():
    assert probes(180) == [*range(0, 60, 2), 60, 90, 120, 150, 180]


def test_an_outage_that_seems_to_begin_in_the_future_is_new():
    assert probe_interval(timedelta(seconds=-5)) == timedelta(seconds=2)
