"""A controller process that holds the lease of the working directory's store."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.builders.local_process import free_port


@contextmanager
def running(folder: Path) -> Iterator[None]:
    """Have a controller at work that holds the lease."""
    port = {"HOKUSAI_PROBE_HOST": "127.0.0.1", "HOKUSAI_PROBE_PORT": str(free_port())}
    with (folder / "run.log").open("wb") as log:
        process = subprocess.Popen(
            (sys.executable, "-m", "controller", "run"),
            cwd=folder,
            env={**os.environ, **port},
            stdout=log,
            stderr=log,
        )
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)
