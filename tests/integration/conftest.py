"""What integration tests share in a process, and what they leave behind."""

import gc

import pytest


@pytest.fixture(scope="session", autouse=True)
def descriptions():
    """Let all sessions of botocore share one loader, and what it has parsed.

    Each session parses megabytes of JSON for its first client of a service, and each
    emulator meets a new session: that was 0.4 s of CPU a test, and the heap that it
    left behind in pieces made a worker grow from test to test.
    """
    from botocore import session
    from botocore.loaders import create_loader

    shared = create_loader()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "create_loader", lambda *_: shared)
        yield


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
