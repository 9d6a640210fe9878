"""Tables, in aligned columns or in Markdown."""

import re
import textwrap
from collections.abc import Iterator, Sequence

# A terminal that is narrower breaks lines by itself.
_NARROWEST = 20
# A command at the end of a message stays on one line, so that it can be copied.
_COMMAND = re.compile(r"(?<=: )(?:hokusai|aws) .*$")


def columns(head: Sequence[str], lines: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield a header and the lines; every cell but the last is padded."""
    upper = [name.upper() for name in head]
    widths = [
        max(len(line[index]) for line in (upper, *lines))
        for index in range(len(head) - 1)
    ]
    for line in (upper, *lines):
        cells = [c.ljust(width) for c, width in zip(line[:-1], widths, strict=True)]
        yield "  ".join((*cells, line[-1])).rstrip()


def fitted(
    head: Sequence[str], lines: Sequence[Sequence[str]], width: int
) -> Iterator[str]:
    """Yield a table, or one block per line if a table is wider than ``width``.

    A block has the first cell on a line, and below it each other cell that is not empty.
    """
    table = [*columns(head, lines)]
    if max(map(len, table)) <= width:
        yield from table
        return
    for line in lines:
        yield line[0]
        for name, cell in zip(head[1:], line[1:], strict=True):
            if cell:
                yield from wrapped(f"{name}: {cell}", width, 4)


def hanging(label: str, text: str, width: int) -> Iterator[str]:
    """Yield ``label`` and ``text``, wrapped under the start of ``text``."""
    yield from textwrap.wrap(
        text,
        max(width, _NARROWEST),
        initial_indent=label,
        subsequent_indent=" " * len(label),
        break_long_words=False,
        break_on_hyphens=False,
    )


def markdown(head: Sequence[str], lines: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield a Markdown table; ``|`` in cells is escaped."""
    yield _row(head)
    yield "|" + "---|" * len(head)
    for line in lines:
        yield _row(line)


def one_line(text: str) -> str:
    """Return ``text`` with line breaks replaced by spaces."""
    return " ".join(text.split())


def wrapped(text: str, width: int, indent: int = 0, hanging: int = 2) -> Iterator[str]:
    """Yield ``text`` in lines of at most ``width``; a command at its end has its own.

    Args:
        text: Message.
        width: Number of columns.
        indent: Spaces before the first line.
        hanging: Further spaces before the other lines.
    """
    first, other = " " * indent, " " * (indent + hanging)
    command = _COMMAND.search(text) if len(first + text) > width else None
    yield from textwrap.wrap(
        text if command is None else text[: command.start()],
        max(width, _NARROWEST),
        initial_indent=first,
        subsequent_indent=other,
        break_long_words=False,
        break_on_hyphens=False,
    )
    if command is not None:
        yield f"{other}{command[0]}"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(one_line(c).replace("|", "\\|") for c in cells) + " |"
