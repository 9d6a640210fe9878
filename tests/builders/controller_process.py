"""``run`` as a process, with its probe port and its log."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tests.builders.local_process import free_port
from tests.builders.waiting import eventually


class ControllerProcess:
    """A controller in ``folder``, which holds the document.

    Attributes:
        port: Its probe port.
        process: The process; None before the start.
    """

    def __init__(
        self,
        folder: Path,
        *,
        name: str = "run",
        command: tuple[str, ...] = (sys.executable, "-m", "controller", "run"),
        **variables: str,
    ) -> None:
        self.port = free_port()
        self.folder = folder
        self.file = folder / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self._command = command
        self._variables = variables

    def start(self) -> "ControllerProcess":
        """Start the process and return at once."""
        environ = {
            **os.environ,
            "HOKUSAI_PROBE_HOST": "127.0.0.1",
            "HOKUSAI_PROBE_PORT": str(self.port),
            "PYTHONPATH": str(Path(__file__).parents[2]),
            **self._variables,
        }
        with self.file.open("ab") as log:
            self.process = subprocess.Popen(
                self._command, cwd=self.folder, env=environ, stdout=log, stderr=log
            )
        return self

    def probe(self, path: str) -> tuple[int, str]:
        """Return status and text of the answer; (0, "") without one."""
        try:
            url = f"http://127.0.0.1:{self.port}{path}"
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def leads(self) -> bool:
        """Return True if it holds the lease and can use the store."""
        return self.probe("/ready") == (200, "leading\n")

    def passes(self) -> float:
        """Return the number of completed passes."""
        _, text = self.probe("/metrics")
        return sum(
            float(line.rpartition(" ")[2])
            for line in text.splitlines()
            if line.startswith("reconcile_total{")
        )

    def await_pass(self, within: float = 30) -> None:
        """Wait until one more pass is completed."""
        before = self.passes()
        eventually(lambda: self.passes() > before, within=within)

    def logged(self) -> list[dict[str, Any]]:
        """Return the lines of the log that are JSON."""
        lines = self.file.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def messages(self) -> list[str]:
        """Return the messages of the log, in order."""
        return [line["message"] for line in self.logged()]

    def alive(self) -> bool:
        """Return True while the process runs."""
        return self.process is not None and self.process.poll() is None

    def end(self, number: int = signal.SIGTERM, within: float = 30) -> int:
        """Send a signal and return the exit code."""
        assert self.process is not None
        if self.alive():
            self.process.send_signal(number)
        return self.process.wait(within)

    def kill(self) -> None:
        """End the process at once, if it runs."""
        if self.alive():
            self.end(signal.SIGKILL)
