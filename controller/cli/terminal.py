"""The two streams: data for whoever reads our output, the story for people.

Whoever reads may stop at any time, as ``head`` does. That ends the output and
nothing else: the exit status must still be true.
"""

import io
import os
import select
import sys
from typing import TextIO

_GONE = select.POLLERR | select.POLLHUP | select.POLLNVAL
# The streams that nobody reads any more.
_unread: set[TextIO] = set()


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


def reader_is_gone() -> bool:
    """Whether nobody reads stdout any more; told before anything is written."""
    if sys.stdout in _unread:
        return True
    try:
        poll = select.poll()
        poll.register(sys.stdout.fileno(), 0)
    except (io.UnsupportedOperation, ValueError):
        # It is no file, as in a test, or is closed.
        return False
    return any(event & _GONE for _, event in poll.poll(0))


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(f"{text}\n")
        stream.flush()
    except BrokenPipeError:
        # Python writes what is left when it ends, and would complain again.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
        _unread.add(stream)
