"""pytest plugin: run the proof at the lowest priority while the tests run.

Many tests wait for processes; the proof uses the processors meanwhile. ``make test``
loads the plugin with ``-p tests.faults.background``.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

COMMAND = ("nice", "-n", "19", sys.executable, "-m", "tests.faults", "proof")
ROOT = Path(__file__).parents[2]


class _Proof:
    """The proof in a process of its own, without coverage."""

    def __init__(self) -> None:
        environment = {k: v for k, v in os.environ.items() if "COVERAGE" not in k}
        self._process = subprocess.Popen(
            COMMAND,
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.output = ""

    def pytest_sessionfinish(self, session: Any) -> None:
        """Wait for the proof; the session fails with it."""
        if session.shouldstop or session.exitstatus == 2:
            self._process.kill()
        self.output, _ = self._process.communicate()
        if self._process.returncode and not session.exitstatus:
            session.exitstatus = 1

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the counts of the proof, or the plans that failed."""
        terminalreporter.section("proof")
        terminalreporter.write(self.output)


def pytest_configure(config: Any) -> None:
    """Start the proof, once and not in each worker."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Proof(), "proof")
