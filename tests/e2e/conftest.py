"""One local platform for all tests that leave it as they found it."""

import pytest

from tests.builders.local_process import LocalProcess


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """Return a running platform on which everything is ready."""
    process = LocalProcess(tmp_path_factory.mktemp("local"))
    process.start()
    try:
        process.converge(within=90)
        yield process
    finally:
        process.stop()
