"""Statuses as they change: redrawn on a terminal, else one line per change."""

import re
import sys
from datetime import datetime
from types import TracebackType
from typing import Self

from controller.cli.terminal import out, terminal_width
from controller.cli.views.statuses import Statuses, render_statuses, rows
from controller.core.values.utc_text import utc_text

_CLEAR = "\x1b[H\x1b[2J"
# A count, as in "2 running"; not a revision and not an exit code.
_COUNTS = re.compile(r"(?<!\S)\d+(?= [a-z])")
_HIDE, _SHOW = "\x1b[?25l", "\x1b[?25h"


class StatusWatch:
    """A context manager that shows statuses repeatedly.

    A terminal is redrawn. Elsewhere only changes are written: one line each, or the
    complete data again in formats other than table.

    Args:
        output: One of table, json, yaml and markdown.
    """

    def __init__(self, output: str) -> None:
        self._output = output
        self._redraws = sys.stdout.isatty()
        self._shown: dict[str, tuple[str, str]] = {}

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
        """Show ``statuses`` at the time ``now``."""
        if self._redraws:
            at = f"{utc_text(now)}; press Ctrl-C to stop"
            table = render_statuses(statuses, self._output, now, terminal_width())
            out(f"{table}\n\n{at}", before=_CLEAR)
            return
        changed = self._changed(statuses, now)
        if changed and self._output == "table":
            out("\n".join(changed))
        elif changed:
            out(render_statuses(statuses, self._output, now))

    def _changed(self, statuses: Statuses, now: datetime) -> list[str]:
        """Return a line for each resource whose status or message changed."""
        lines = []
        for resource, word, _, message in rows(statuses, now):
            # The counts of a stalled rollout keep changing; that alone is no change.
            text = _COUNTS.sub("", message) if word == "Stalled" else message
            if self._shown.get(resource) != (word, text):
                self._shown[resource] = (word, text)
                lines.append(f"{utc_text(now)}  {resource}  {word}: {message}")
        return lines
