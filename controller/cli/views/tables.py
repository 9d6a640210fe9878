"""Tables, in aligned columns or in Markdown."""

from collections.abc import Iterator, Sequence


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


def markdown(head: Sequence[str], lines: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield a Markdown table; ``|`` in cells is escaped."""
    yield _row(head)
    yield "|" + "---|" * len(head)
    for line in lines:
        yield _row(line)


def one_line(text: str) -> str:
    """Return ``text`` with line breaks replaced by spaces."""
    return " ".join(text.split())


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(one_line(c).replace("|", "\\|") for c in cells) + " |"
