"""Change freezes: times without disruptive actions."""

from dataclasses import dataclass
from datetime import datetime, timedelta

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Freeze:
    """A time without disruptive actions. All times are UTC.

    Attributes:
        reason: Reason of the freeze.
        since: Start; None for no start.
        until: End; None for no end.
        weekdays: Weekdays on which it holds, Monday is 0; empty for all.
        hours: First and last minute of the day; the last may be on the next day. The
            weekday is that of the first.
    """

    reason: str
    since: datetime | None = None
    until: datetime | None = None
    weekdays: frozenset[int] = frozenset()
    hours: tuple[int, int] = (0, 24 * 60)

    @property
    def span(self) -> str:
        """Duration in words, as in ``until 2026-01-31T12:00:00Z``."""
        # `validate` imports this module, and shows no time.
        from controller.core.values.utc_text import utc_text

        hours = ""
        if self.hours != (0, 24 * 60):
            first, last = (f"{m // 60:02}:{m % 60:02}" for m in self.hours)
            hours = f", {first} to {last} UTC"
        until = f" until {utc_text(self.until)}" if self.until else " for now"
        return f"{until.strip()}{hours}"

    def in_force(self, now: datetime) -> bool:
        """Return True if the freeze holds at ``now``."""
        if self.since is not None and now < self.since:
            return False
        if self.until is not None and now >= self.until:
            return False
        return self._covers(now) or self._covers(now, -_DAY)

    def _covers(self, now: datetime, shift: timedelta = timedelta(0)) -> bool:
        """Return True if ``now`` is in the window of the day of ``now + shift``."""
        begins = (now + shift).replace(hour=0, minute=0, second=0, microsecond=0)
        if self.weekdays and begins.weekday() not in self.weekdays:
            return False
        first, last = self.hours
        length = last - first if last > first else last - first + 24 * 60
        opens = begins + timedelta(minutes=first)
        return opens <= now < opens + timedelta(minutes=length)
