"""One log line at the start of an outage, one at its end."""

import logging

import pytest

from controller.core.errors import StoreUnavailableError
from controller.store.outage import READ, WRITTEN, StoreOutage
from tests.fakes.stopped_clock import StoppedClock

AWAY = StoreUnavailableError("no answer")


@pytest.fixture
def clock():
    return StoppedClock()


@pytest.fixture
def begun():
    return []


@pytest.fixture
def outage(clock, begun, caplog):
    caplog.set_level(logging.INFO)
    return StoreOutage(clock, lambda: begun.append(True))


def test_ten_minutes_of_failures_are_two_lines(outage, clock, begun, caplog):
    for _ in range(600):
        outage.failed(READ, AWAY)
        outage.failed(WRITTEN, AWAY)
        clock.forward(1)
    outage.succeeded(WRITTEN)
    outage.succeeded(READ)

    assert caplog.messages == ["store unavailable", "store available again"]
    assert caplog.records[1].seconds == 600
    assert begun == [True]


def test_reads_from_a_former_primary_do_not_end_an_outage_of_writes(outage, caplog):
    for _ in range(3):
        outage.failed(WRITTEN, AWAY)
        outage.succeeded(READ)

    assert caplog.messages == ["store unavailable"]
    assert outage.reason() == "no answer"


def test_successes_alone_are_not_logged(outage, caplog):
    outage.succeeded(READ)
    outage.succeeded(WRITTEN)

    assert caplog.messages == []
    assert outage.reason() == ""
