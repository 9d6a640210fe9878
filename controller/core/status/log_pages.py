"""Pages of log lines with a cursor: no line is left out.

Lines can become readable out of order. Each page therefore begins a little before the
end of the page before it, and the reader drops repeated lines by their ids.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from controller.core.resources.log_lines import LogLimit, LogLine

# CloudWatch may show a line this much later than others of the same time.
LATE = timedelta(seconds=30)
# Time and id of a line. Positions are ordered; every id is greater than the empty one.
Position: TypeAlias = tuple[datetime, str]


@dataclass(frozen=True, slots=True)
class Cursor:
    """Position at which the next page begins.

    Attributes:
        floor: Lines at or before it are complete.
        last: Last line returned after the floor; None if there was none.
    """

    floor: Position
    last: Position | None = None

    def __str__(self) -> str:
        parts = (*self.floor, *(self.last or ()))
        plain = json.dumps([p if isinstance(p, str) else p.isoformat() for p in parts])
        return urlsafe_b64encode(plain.encode()).decode()

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Return the cursor with the text form ``text``; raises ValueError."""
        try:
            at, id_, *last = json.loads(urlsafe_b64decode(text.encode()))
            floor = _position(at, id_)
            return cls(floor, _position(*last) if last else None)
        except (ValueError, TypeError, AttributeError):
            msg = "the cursor is invalid: repeat the request without it"
            raise ValueError(msg) from None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of lines, oldest first.

    Attributes:
        lines: Lines; some may be repeated from an earlier page.
        cursor: Position of the next page.
        more: True if the next page can be read immediately.
    """

    lines: tuple[LogLine, ...]
    cursor: Cursor
    more: bool = False


def first_page(
    lines: Iterable[LogLine],
    since: datetime,
    number: int,
    now: datetime,
    most: LogLimit | None = None,
) -> Page:
    """Return the first page of the newest ``number`` lines.

    Args:
        lines: All lines written since ``since``.
        since: Start of the time range.
        number: Number of lines to begin with.
        now: Time at which the lines were read.
        most: Limit of a page; None for no limit.
    """
    ordered = sorted(lines, key=_position_of)
    older = ordered[:-number]
    floor = _position_of(older[-1]) if older else (since, "")
    return _page(ordered, Cursor(floor), now, most)


def next_page(
    lines: Iterable[LogLine],
    cursor: Cursor,
    now: datetime,
    most: LogLimit | None = None,
) -> Page:
    """Return the page after ``cursor``; safe to repeat.

    Args:
        lines: All lines written since the cursor's floor, or earlier.
        cursor: Cursor of the page before.
        now: Time at which the lines were read.
        most: Limit of a page; None for no limit.
    """
    return _page(sorted(lines, key=_position_of), cursor, now, most)


def _page(
    ordered: list[LogLine], cursor: Cursor, now: datetime, most: LogLimit | None
) -> Page:
    after = cursor.last or cursor.floor
    left = [line for line in ordered if _position_of(line) > after]
    taken = tuple(_fitting(left, most))
    if len(taken) < len(left):
        return Page(taken, Cursor(cursor.floor, _position_of(taken[-1])), more=True)
    # A writer's clock that is ahead must not hide the lines of other writers.
    newest = min(ordered[-1].at, now) if ordered else now
    return Page(taken, Cursor(max(cursor.floor, (newest - LATE, ""))))


def _fitting(lines: Iterable[LogLine], most: LogLimit | None) -> Iterator[LogLine]:
    """Yield as many lines as fit on a page, but at least one."""
    size = 0
    for number, line in enumerate(lines, 1):
        size += len(line.text)
        if most and number > 1 and (number > most.lines or size > most.size):
            return
        yield line


def _position_of(line: LogLine) -> Position:
    return line.at, line.id


def _position(at: str, id_: str) -> Position:
    moment = datetime.fromisoformat(at)
    if moment.tzinfo is None or not isinstance(id_, str):
        raise ValueError(at)
    return moment, id_
