"""Lines are told once, in order, for as long as somebody reads."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from types import SimpleNamespace

import pytest

from controller.app.logs import LogReader
from controller.app.views.local_view import LocalView
from controller.core.document.resource import Resource, ResourceId
from controller.core.errors import RefusedError, TransientError
from controller.core.resources.log_lines import LogLine

API = ResourceId("service", "api")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Clock:
    def __init__(self):
        self.at = NOON

    def now(self):
        return self.at

    def sleep(self, seconds):
        self.at += timedelta(seconds=seconds)


class Written:
    """What was written, and when it can be read: seconds after noon."""

    def __init__(self, clock, *lines):
        self.clock = clock
        self.all = [
            (
                shown,
                LogLine(str(number), NOON + timedelta(seconds=at), "t-1", f"at {at}"),
            )
            for number, (at, shown) in enumerate(lines)
        ]
        self.away = 0

    def lines(self, _resource, since, _source, _most=None):
        if self.away:
            self.away -= 1
            msg = "no answer"
            raise TransientError(msg)
        now = (self.clock.now() - NOON).total_seconds()
        return iter(
            [line for shown, line in self.all if shown <= now and line.at >= since]
        )


def reader(driver, clock):
    document = SimpleNamespace(resources={API: Resource(API, None)})
    controller = SimpleNamespace(
        driver=lambda _kind: driver, document=document, clock=clock
    )
    return LogReader(LocalView(controller).pages(API, ""), clock)


def texts(lines):
    return [line.text for line in lines]


def test_the_last_lines_are_told_the_oldest_first():
    clock = Clock()
    found = reader(Written(clock, (-9, 0), (-6, 0), (-3, 0)), clock)

    assert texts(found.last(timedelta(minutes=1), 2)) == ["at -6", "at -3"]


def test_what_was_told_is_not_told_again_and_what_comes_late_is_told():
    clock = Clock()
    found = reader(Written(clock, (-9, 0), (1, 1), (0, 5), (6, 6)), clock)

    found.last(timedelta(minutes=1), 9)
    told = texts(islice(found.following(), 3))

    assert told == ["at 1", "at 0", "at 6"]


def test_an_outage_of_a_moment_is_waited_for():
    clock = Clock()
    written = Written(clock, (1, 1))
    found = reader(written, clock)
    found.last(timedelta(minutes=1), 9)
    written.away = 3

    assert texts(islice(found.following(), 1)) == ["at 1"]


def test_a_kind_without_lines_is_refused():
    with pytest.raises(RefusedError, match="writes no lines"):
        reader(object(), Clock()).last(timedelta(minutes=1), 9)
