"""The log of the controller has no line for each tick of its scheduler."""

import logging
import threading
from datetime import timedelta

import pytest

from controller.app.daemon import quiet_libraries
from controller.clients.clock import SystemClock
from controller.engine.scheduler import WakeUpTimer
from tests.builders.waiting import eventually


@pytest.fixture(autouse=True)
def levels():
    """Restore the levels of the libraries."""
    names = ("httpx", "apscheduler")
    before = {name: logging.getLogger(name).level for name in names}
    yield
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


def test_a_tick_that_is_skipped_is_no_warning(caplog):
    quiet_libraries()
    skipped = logging.getLogger("apscheduler.scheduler")
    released, ticks = threading.Event(), []
    timer = WakeUpTimer(SystemClock())

    def slow():
        ticks.append(1)
        released.wait(5)

    timer.every(timedelta(milliseconds=10), slow)
    eventually(lambda: ticks, bool)
    skipped.warning("Execution of job skipped: maximum number of running instances")
    released.set()
    timer.stop()

    assert [r for r in caplog.records if r.name.startswith("apscheduler")] == []
