"""What integration tests leave behind."""

import gc

import pytest


@pytest.fixture(autouse=True)
def collected():
    """Free what a test leaves behind: thousands of objects in circles.

    A client of botocore and an emulator are circles, which wait for a rare full
    collection while the heap grows by 3 MB a test. Frozen, what is older than a test is
    not looked at, so that each collection costs a few milliseconds.
    """
    yield
    gc.collect()
    gc.freeze()
