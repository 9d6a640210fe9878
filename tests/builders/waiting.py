"""Waiting for real processes, with a deadline."""

import time
from collections.abc import Callable
from threading import Event
from typing import TypeVar

T = TypeVar("T")


def eventually(
    read: Callable[[], T],
    accepts: Callable[[T], bool] = bool,
    within: float = 20,
    every: float = 0.05,
) -> T:
    """Return the first value of ``read`` that ``accepts`` accepts, or fail.

    Args:
        read: Returns the current value.
        accepts: Accepts a value; by default, any true value.
        within: Seconds until the failure.
        every: Seconds between two reads.
    """
    pause = Event()
    deadline = time.monotonic() + within
    while True:
        value = read()
        if accepts(value):
            return value
        assert time.monotonic() < deadline, f"after {within} s still {value}: {read}"
        pause.wait(every)
