"""What was written, a page at a time: no line twice for long, and none left out.

Lines can become readable out of order. Whoever follows them therefore goes back a
little each time, and leaves out by its id what was told already.
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
# A moment, and the id of a line of that moment: what comes after both is meant.
# Every id is greater than the empty one.
Position: TypeAlias = tuple[datetime, str]


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where to go on.

    Attributes:
        floor: Nothing at or before it is wanted any more.
        told: The last line that was told of those after it; None at their beginning.
    """

    floor: Position
    told: Position | None = None

    def __str__(self) -> str:
        parts = (*self.floor, *(self.told or ()))
        plain = json.dumps([p if isinstance(p, str) else p.isoformat() for p in parts])
        return urlsafe_b64encode(plain.encode()).decode()

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Return the cursor that was written as ``text``; raises ValueError."""
        try:
            at, id_, *told = json.loads(urlsafe_b64decode(text.encode()))
            floor = _position(at, id_)
            return cls(floor, _position(*told) if told else None)
        except (ValueError, TypeError, AttributeError):
            msg = "the cursor is none of ours: begin again without it"
            raise ValueError(msg) from None


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines, the oldest first.

    Attributes:
        lines: The lines; those of an earlier page may be among them.
        cursor: Where to go on.
        more: Whether there are more already.
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
        lines: All that were written since then.
        since: When.
        number: With how many of them to begin.
        now: When they were read.
        most: What fits on a page; None for all.
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
        lines: All that were written since the time of its floor, or earlier.
        cursor: Of the page before.
        now: When they were read.
        most: What fits on a page; None for all.
    """
    return _page(sorted(lines, key=_position_of), cursor, now, most)


def _page(
    ordered: list[LogLine], cursor: Cursor, now: datetime, most: LogLimit | None
) -> Page:
    after = cursor.told or cursor.floor
    left = [line for line in ordered if _position_of(line) > after]
    taken = tuple(_fitting(left, most))
    if len(taken) < len(left):
        return Page(taken, Cursor(cursor.floor, _position_of(taken[-1])), more=True)
    # A clock that is ahead must not hide what others write meanwhile.
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
