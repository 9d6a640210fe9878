"""Read what the processes of a resource wrote, once or for as long as wanted."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from controller.core.errors import TransientError
from controller.core.status.log_pages import LATE, Cursor, Page

if TYPE_CHECKING:
    from controller.core.clock import Clock
    from controller.core.resources.log_lines import LogLine

POLL_SECONDS = 2.0


class LogPages(Protocol):
    """Lines of one resource, a page at a time, from wherever they are read."""

    def first(self, span: timedelta, number: int) -> Page:
        """Return the first page of the newest lines of that time.

        Raises:
            RefusedError: nothing of its kind writes lines.
            DriverError: they could not be read.
        """
        ...

    def after(self, cursor: Cursor) -> Page:
        """Return the page after ``cursor``. Safe to repeat; raises as ``first``."""
        ...


class LogReader:
    """Reads the lines of one resource, each once.

    Args:
        pages: Where they are read.
        clock: Waited on between two looks.
    """

    def __init__(self, pages: LogPages, clock: Clock) -> None:
        self._pages = pages
        self._clock = clock
        self._cursor: Cursor | None = None
        self._seen: dict[str, datetime] = {}

    def last(self, span: timedelta, number: int) -> tuple[LogLine, ...]:
        """Return the newest lines of the last ``span``, the oldest first."""
        page = self._pages.first(span, number)
        newest = deque(self._new(page), maxlen=number)
        while page.more:
            page = self._pages.after(page.cursor)
            newest.extend(self._new(page))
        return tuple(newest)

    def following(self, ends: Callable[[], bool] = lambda: False) -> Iterator[LogLine]:
        """Yield what is written after what ``last`` returned, until ``ends``.

        An outage of a moment is waited for: what was written meanwhile follows.
        """
        while not ends():
            self._clock.sleep(POLL_SECONDS)
            try:
                yield from self._round(ends)
            except TransientError:
                continue

    def _round(self, ends: Callable[[], bool]) -> Iterator[LogLine]:
        """Yield the lines of all pages there are already."""
        if self._cursor is None:
            msg = "new lines can only be followed after the last ones"
            raise AssertionError(msg)
        more = True
        while more and not ends():
            page = self._pages.after(self._cursor)
            more = page.more
            yield from self._new(page)

    def _new(self, page: Page) -> tuple[LogLine, ...]:
        """Return the lines that were not told yet; those count as told."""
        new = tuple(line for line in page.lines if line.id not in self._seen)
        self._cursor = page.cursor
        self._seen |= {line.id: line.at for line in page.lines}
        if not page.more:
            since = page.cursor.floor[0] - LATE
            # Those before cannot come again.
            self._seen = {id_: at for id_, at in self._seen.items() if at >= since}
        return new
