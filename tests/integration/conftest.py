"""AWS's descriptions of its services, parsed once in a process."""

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
