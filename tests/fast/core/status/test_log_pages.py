"""Pages of lines: each line is on one of them, and nobody is told of one for ever."""

from datetime import UTC, datetime, timedelta

import pytest

from controller.core.errors import RefusedError
from controller.core.resources.log_lines import LogLimit, LogLine, limited
from controller.core.status.log_pages import Cursor, first_page, next_page

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR_AGO = NOON - timedelta(hours=1)


def line(seconds, id_=None, text="said"):
    at = NOON + timedelta(seconds=seconds)
    return LogLine(id_ or f"{seconds:+}", at, "t-1", text)


def ids(page):
    return [line.id for line in page.lines]


def test_the_newest_come_first_to_hand_in_the_order_of_time():
    lines = [line(-2), line(-9), line(-5)]

    assert ids(first_page(lines, HOUR_AGO, 2, NOON)) == ["-5", "-2"]


def test_what_was_older_than_the_newest_is_not_told_afterwards():
    lines = [line(-9), line(-5), line(-2)]
    page = first_page(lines, HOUR_AGO, 1, NOON)

    assert ids(next_page(lines, page.cursor, NOON)) == ["-2"]


def test_pages_hold_every_line_once_even_of_the_same_moment():
    lines = [line(-5, id_) for id_ in "abcdefg"]
    most = LogLimit(3, 1_000)

    page = first_page(lines, HOUR_AGO, 100, NOON, most)
    told = ids(page)
    while page.more:
        page = next_page(lines, page.cursor, NOON, most)
        told += ids(page)

    assert told == [*"abcdefg"]


@pytest.mark.parametrize(
    ("size", "expected"),
    [(10, ["-5", "-4"]), (9, ["-5"]), (1, ["-5"])],
    ids=["two fit", "one fits", "none fits, and one is told"],
)
def test_a_page_is_no_larger_than_asked_but_for_its_first_line(size, expected):
    lines = [line(at, text="12345") for at in (-5, -4, -3)]

    page = first_page(lines, HOUR_AGO, 9, NOON, LogLimit(9, size))

    assert (ids(page), page.more) == (expected, True)


def test_what_becomes_readable_late_is_on_a_later_page():
    page = first_page([line(-5)], HOUR_AGO, 9, NOON)

    later = next_page([line(-5), line(-20, "late")], page.cursor, NOON)

    assert "late" in ids(later)


def test_a_clock_that_is_ahead_hides_nothing_of_others():
    page = first_page([line(3600, "ahead")], HOUR_AGO, 9, NOON)

    later = next_page([line(3600, "ahead"), line(1, "now")], page.cursor, NOON)

    assert "now" in ids(later)


def test_the_floor_never_goes_back():
    page = first_page([line(-1)], HOUR_AGO, 9, NOON)
    earlier = NOON - timedelta(hours=2)

    assert next_page([], page.cursor, earlier).cursor.floor == page.cursor.floor


@pytest.mark.parametrize(
    "cursor",
    [Cursor((NOON, "")), Cursor((NOON, "a/ü"), (NOON + timedelta(seconds=1), "b"))],
    ids=["at a beginning", "in the middle"],
)
def test_a_cursor_survives_being_written(cursor):
    assert Cursor.parse(str(cursor)) == cursor


@pytest.mark.parametrize(
    "text",
    ["", "ü", "bm90IGpzb24=", "WzEsMl0=", "WyIyMDI2LTAxLTAxVDEyOjAwOjAwIiwiIl0="],
    ids=["empty", "no base64", "no JSON", "numbers", "without a time zone"],
)
def test_what_is_no_cursor_is_told(text):
    with pytest.raises(ValueError, match="repeat the request without it"):
        Cursor.parse(text)


@pytest.mark.parametrize(
    "most",
    [LogLimit(1, 99), LogLimit(99, 7)],
    ids=["too many lines", "too much in them"],
)
def test_more_than_is_kept_in_memory_is_refused_with_what_to_ask_for(most):
    lines = iter([line(-2), line(-1)])

    with pytest.raises(RefusedError, match="with --since, or one task with --task"):
        list(limited(most, lines, "api"))


def test_as_much_as_is_kept_in_memory_is_read():
    lines = [line(-2), line(-1)]

    assert list(limited(LogLimit(2, 8), lines, "api")) == lines
    assert list(limited(None, lines, "api")) == lines
