"""The two streams: data for whoever reads our output, the story for people."""

import sys


def out(text: str) -> None:
    """Write data to stdout."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def tell(text: str) -> None:
    """Write a sentence of the story to stderr."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def confirmed(question: str) -> bool:
    """Ask a person; anything but y or yes is no."""
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def interactive() -> bool:
    """Whether a person can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()
