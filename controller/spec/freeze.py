"""Change freezes in the document."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from controller.core.document.fields import (
    Instant,
    Line,
    Section,
    Text,
    fields_set,
    reject,
)
from controller.core.document.freeze import Freeze

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_DAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
Hours = Annotated[
    str, Text(f"{_TIME}-(?:{_TIME}|24:00)", "two times, as in 16:00-08:00", 11)
]


class FreezeSection(Section):
    """A time in which no running task is stopped or replaced."""

    reason: Line = Field(description="Reason.", examples=["end of the quarter"])
    since: Instant | None = Field(
        default=None,
        description="Start; by default it has already begun.",
        examples=["2026-12-20"],
    )
    until: Instant | None = Field(
        default=None,
        description="End; by default it never ends.",
        examples=["2027-01-04"],
    )
    weekdays: tuple[Weekday, ...] = Field(
        default=(),
        description="Weekdays; by default all.",
        examples=[["fri", "sat", "sun"]],
    )
    hours: Hours | None = Field(
        default=None,
        description="Hours in UTC; the second time may be on the "
        "next day. All day, unless given.",
        examples=["16:00-08:00"],
    )

    @model_validator(mode="after")
    def _ends_some_time(self) -> Self:
        if not (fields_set(self, "since", "until", "hours") or self.weekdays):
            reject(
                "holds for ever", "add until, weekdays or hours; or set mode: observe"
            )
        if self.since and self.until and self.until <= self.since:
            reject("is before since", "write a later time", "until")
        return self

    def freeze(self) -> Freeze:
        """Return the value that the core uses."""
        return Freeze(
            self.reason,
            self.since,
            self.until,
            frozenset(map(_DAYS.index, self.weekdays)),
            _minutes(self.hours) if self.hours else (0, 24 * 60),
        )


def _minutes(hours: str) -> tuple[int, int]:
    first, _, last = hours.partition("-")
    return _minute(first), _minute(last)


def _minute(time: str) -> int:
    hour, _, minute = time.partition(":")
    return int(hour) * 60 + int(minute)
