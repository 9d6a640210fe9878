"""Output and prompts: data on stdout, messages and questions on stderr.

The process that reads a stream may close it at any time, as ``head`` does. That ends
the output and nothing else: the exit code stays correct.
"""

import argparse
import io
import os
import select
import sys
from collections.abc import Iterable
from shutil import get_terminal_size
from typing import TextIO

from controller.core.errors import RefusedError
from controller.core.values.printable import printable

# Width of an output that is no terminal.
UNLIMITED_WIDTH = 1_000_000
_GONE = select.POLLERR | select.POLLHUP | select.POLLNVAL
# The streams that were closed by their reader.
_closed: set[TextIO] = set()


def out(text: str, *, before: str = "") -> None:
    """Write data to stdout, with control characters escaped.

    Args:
        text: Data.
        before: Control sequence for the terminal, written as it is.
    """
    _write(sys.stdout, before, text)


def tell(text: str, *, before: str = "") -> None:
    """Write a message to stderr; like ``out``."""
    _write(sys.stderr, before, text)


def tell_warnings(warnings: Iterable[object]) -> None:
    """Write the warnings about a valid document to stderr, one per line."""
    for warning in warnings:
        tell(f"warning: {warning}")


def require_confirmation(args: argparse.Namespace, verb: str) -> None:
    """Check that the user can be asked, unless ``--yes`` was given.

    Raises:
        RefusedError: this process cannot prompt.
    """
    if args.yes or interactive():
        return
    msg = (
        "cannot prompt: stdin and stderr are not both a terminal; pass --yes to "
        f"{verb} without confirmation"
    )
    raise RefusedError(msg)


def confirmed(question: str) -> bool:
    """Ask the user; every answer but y or yes means no."""
    sys.stderr.write(f"{printable(question)} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def interactive() -> bool:
    """Return True if the user can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def terminal_width() -> int:
    """Return the columns of the terminal, or of COLUMNS; very many if there is none."""
    return get_terminal_size((UNLIMITED_WIDTH, 24)).columns


def reader_is_gone() -> bool:
    """Return True if stdout was closed by its reader; known before a write."""
    if sys.stdout in _closed:
        return True
    try:
        poll = select.poll()
        poll.register(sys.stdout.fileno(), 0)
    except (io.UnsupportedOperation, ValueError):
        # Not a file, as in a test, or closed.
        return False
    return any(event & _GONE for _, event in poll.poll(0))


def _write(stream: TextIO, control: str, text: str) -> None:
    try:
        stream.write(f"{control}{printable(text)}\n")
        stream.flush()
    except BrokenPipeError:
        # Python flushes the stream again at exit, and would report the same error.
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)
        _closed.add(stream)
