"""Statuses as they change: redrawn on a terminal, else told one by one."""

import re
import sys
from datetime import datetime
from types import TracebackType
from typing import Self

from controller.cli.terminal import out
from controller.cli.views.statuses import Statuses, render_statuses, rows

_CLEAR = "\x1b[H\x1b[2J"
# A number that counts something, as in "2 of 3 tasks run"; not a revision, not a code.
_COUNTS = re.compile(r"(?<!\S)\d+(?= [a-z])")
_HIDE, _SHOW = "\x1b[?25l", "\x1b[?25h"


class Watched:
    """Shows statuses again and again; a context manager.

    On a terminal the whole is redrawn. Elsewhere only what changed is written: a
    line each, or in other formats the whole once more.

    Args:
        output: One of table, json, yaml and markdown.
    """

    def __init__(self, output: str) -> None:
        self._output = output
        self._redraws = sys.stdout.isatty()
        self._told: dict[str, tuple[str, str]] = {}

    def __enter__(self) -> Self:
        if self._redraws:
            sys.stdout.write(_HIDE)
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if self._redraws:
            sys.stdout.write(_SHOW)
            sys.stdout.flush()

    def show(self, statuses: Statuses, now: datetime) -> None:
        """Show ``statuses`` as they are at ``now``."""
        if self._redraws:
            at = f"{now:%H:%M:%S} UTC; Ctrl-C ends"
            out(f"{_CLEAR}{render_statuses(statuses, self._output, now)}\n\n{at}")
            return
        changed = self._changed(statuses, now)
        if changed and self._output == "table":
            out("\n".join(changed))
        elif changed:
            out(render_statuses(statuses, self._output, now))

    def _changed(self, statuses: Statuses, now: datetime) -> list[str]:
        """Return a line for each resource that was not told like this before."""
        lines = []
        for resource, word, _, message in rows(statuses, now):
            # What is stuck counts on; that alone is no news.
            news = _COUNTS.sub("", message) if word == "Stalled" else message
            if self._told.get(resource) != (word, news):
                self._told[resource] = (word, news)
                lines.append(f"{now:%H:%M:%S}  {resource}  {word}: {message}")
        return lines
