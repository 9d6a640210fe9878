"""What an image is when there is no Docker: a command and an environment."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PROBE = Path(__file__).with_name("probe.py")


@dataclass(frozen=True, slots=True)
class ImageCommand:
    """What stands for an image on this machine.

    ``{host}`` is replaced by the task's address, ``{python}`` by this
    interpreter, ``{state}`` by the platform's directory and ``{probe}`` by a
    script that asks an HTTP server whether it is well.

    Attributes:
        command: The image's command; a definition's own replaces it.
        environment: The image's environment; a definition's is on top.
        entry_point: What goes before the command, as in a Dockerfile.
    """

    command: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    entry_point: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Words:
    """What the placeholders stand for in one task."""

    host: str
    state: str

    def fill(self, text: str) -> str:
        """Return the text with its placeholders replaced; other braces stay."""
        for name, value in (
            ("{host}", self.host),
            ("{python}", sys.executable),
            ("{state}", self.state),
            ("{probe}", str(PROBE)),
        ):
            text = text.replace(name, value)
        return text

    def fill_check(self, text: str) -> str:
        """Return a health check's text; ``localhost`` is the task itself there."""
        for here in ("localhost", "127.0.0.1"):
            text = text.replace(here, self.host)
        return self.fill(text)
