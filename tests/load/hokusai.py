"""Our own program as a user starts it, on a platform that runs already."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.load.figures import cpu_of

# Of the tests alone: coverage, and byte code that is compiled anew at each start.
_OURS_ONLY = ("COV", "PYTHONDONTWRITEBYTECODE")


class Hokusai:
    """The command line on one document and one store.

    Attributes:
        file: The document.
        environ: The environment of every command.
    """

    def __init__(self, file: Path, variables: Mapping[str, str]) -> None:
        self.file = file
        self._log = file.parent / "commands.log"
        self.environ = {
            **{k: v for k, v in os.environ.items() if not k.startswith(_OURS_ONLY)},
            **variables,
            "HOKUSAI_STORE_URL": f"sqlite:///{file.parent}/store.db",
        }

    def command(self, *words: str) -> tuple[str, ...]:
        """Return the command line that runs ``words``."""
        program = (sys.executable, "-m", "controller")
        return (*program, *words, "-f", str(self.file))

    def apply(self) -> None:
        """Make what can be made of the document; some of it has no address here."""
        command = self.command("apply", "--yes", "--timeout", "45")
        ran = subprocess.run(
            command, env=self.environ, capture_output=True, text=True, check=False
        )
        assert ran.returncode in {0, 1}, ran.stderr

    def cpu(self, *words: str) -> float:
        """Return the CPU seconds of one command."""
        return cpu_of(self.command(*words), self.environ, self._log)
