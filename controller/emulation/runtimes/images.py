"""Images without Docker: a command and an environment."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PROBE = Path(__file__).with_name("probe.py")


@dataclass(frozen=True, slots=True)
class ImageCommand:
    """Command that replaces an image on this machine.

    Placeholders: ``{host}`` is the address of the task, ``{python}`` this interpreter,
    ``{state}`` the directory of the platform, and ``{probe}`` a script that checks an
    HTTP server.

    Attributes:
        command: Command of the image; that of a task definition replaces it.
        environment: Environment of the image; a task definition overrides it.
        entry_point: Words before the command, as in a Dockerfile.
    """

    command: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    entry_point: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Placeholders:
    """Values of the placeholders in one task."""

    host: str
    state: str

    def fill(self, text: str) -> str:
        """Return ``text`` with its placeholders replaced; other braces do not change."""
        for name, value in (
            ("{host}", self.host),
            ("{python}", sys.executable),
            ("{state}", self.state),
            ("{probe}", str(PROBE)),
        ):
            text = text.replace(name, value)
        return text

    def fill_check(self, text: str) -> str:
        """Return the text of a health check, where ``localhost`` is the task itself."""
        for name in ("localhost", "127.0.0.1"):
            text = text.replace(name, self.host)
        return self.fill(text)
