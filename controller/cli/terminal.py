"""The two streams: data for whoever reads our output, the story for people.

Whoever reads may stop at any time, as ``head`` does. That ends the output and
nothing else: the exit status must still be true.
"""

import os
import sys
from typing import TextIO


def out(text: str) -> None:
    """Write data to stdout."""
    _write(sys.stdout, text)


def tell(text: str) -> None:
    """Write a sentence of the story to stderr."""
    _write(sys.stderr, text)


def confirmed(question: str) -> bool:
    """Ask a person; anything but y or yes is no."""
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def interactive() -> bool:
    """Whether a person can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(f"{text}\n")
        stream.flush()
    except BrokenPipeError:
        # Python writes what is left when it ends, and would complain again.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
