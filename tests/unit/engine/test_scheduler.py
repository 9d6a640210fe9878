"""The timer follows the monotonic clock, whatever is done to the wall clock."""

import threading
from datetime import datetime, timedelta

import pytest
from apscheduler.schedulers import base

from controller.clients.clock import SystemClock
from controller.engine.scheduler import WakeUpTimer

SOON = timedelta(seconds=0.2)
LATE = 20
JUMPS = [timedelta(hours=-1), timedelta(hours=1), timedelta(days=-400)]


class SetClock(SystemClock):
    """A clock that can be set, for the timer and for APScheduler alike."""

    offset = timedelta()

    def now(self):
        return super().now() + self.offset


@pytest.fixture
def clock(monkeypatch):
    clock = SetClock()

    class Shifted(datetime):
        @classmethod
        def now(cls, tz=None):
            return clock.now().astimezone(tz)

    monkeypatch.setattr(base, "datetime", Shifted)
    return clock


@pytest.fixture
def timer(clock):
    timer = WakeUpTimer(clock)
    yield timer
    timer.stop()


@pytest.mark.parametrize("jump", JUMPS, ids=str)
def test_a_clock_that_is_set_does_not_delay_the_next_pass(timer, clock, jump):
    rung = threading.Event()

    timer.once(SOON, rung.set)
    clock.offset = jump

    assert rung.wait(LATE)


@pytest.mark.parametrize("jump", JUMPS, ids=str)
def test_a_clock_that_is_set_does_not_stop_a_repeated_callback(timer, clock, jump):
    rung = threading.Semaphore(0)
    timer.every(SOON, rung.release)
    assert rung.acquire(timeout=LATE)

    clock.offset = jump

    for _ in range(3):
        assert rung.acquire(timeout=LATE)


def test_a_clock_that_is_set_forward_does_not_bring_a_pass_forward(timer, clock):
    early, rung = threading.Event(), threading.Event()
    timer.once(timedelta(hours=2), early.set)

    clock.offset = timedelta(hours=3)
    timer.every(SOON, rung.set)

    assert rung.wait(LATE)
    assert not early.is_set()


def test_a_later_request_replaces_the_earlier_one(timer):
    early, rung = threading.Event(), threading.Event()
    timer.once(timedelta(hours=1), early.set)

    timer.once(SOON, rung.set)

    assert rung.wait(LATE)
    assert not early.is_set()
