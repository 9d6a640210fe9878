"""When nothing may be stopped or replaced."""

from datetime import UTC, datetime

import pytest

from controller.core.document.freeze import Freeze

FRIDAY = 4


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "frozen"),
    [
        ("2026-12-19T23:59", False),
        ("2026-12-20T00:00", True),
        ("2027-01-03T23:59", True),
        ("2027-01-04T00:00", False),
    ],
)
def test_a_freeze_holds_from_its_begin_until_its_end(now, frozen):
    freeze = Freeze("holidays", at("2026-12-20"), at("2027-01-04"))

    assert freeze.in_force(at(now)) is frozen


@pytest.mark.parametrize(
    ("now", "frozen"),
    [
        pytest.param("2026-01-02T15:59", False, id="Friday, too early"),
        pytest.param("2026-01-02T16:00", True, id="Friday evening"),
        pytest.param("2026-01-03T07:59", True, id="the night after"),
        pytest.param("2026-01-03T08:00", False, id="Saturday morning"),
        pytest.param("2026-01-03T17:00", False, id="Saturday evening"),
        pytest.param("2026-01-02T03:00", False, id="the night before"),
    ],
)
def test_hours_may_run_into_the_next_day(now, frozen):
    freeze = Freeze("weekend", weekdays=frozenset({FRIDAY}), hours=(16 * 60, 8 * 60))

    assert freeze.in_force(at(now)) is frozen


def test_a_weekday_without_hours_is_frozen_all_day():
    freeze = Freeze("no deploys on Fridays", weekdays=frozenset({FRIDAY}))

    days = [freeze.in_force(at(f"2026-01-0{day}T12:00")) for day in range(1, 8)]

    assert days == [False, True, False, False, False, False, False]


@pytest.mark.parametrize(
    ("freeze", "span"),
    [
        (Freeze("r", until=at("2026-12-01")), "until 2026-12-01T00:00:00Z"),
        (Freeze("r", weekdays=frozenset({FRIDAY})), "for now"),
        (Freeze("r", hours=(16 * 60, 8 * 60)), "for now, 16:00 to 08:00 UTC"),
    ],
    ids=["with an end", "on days", "at hours"],
)
def test_a_freeze_says_for_how_long(freeze, span):
    assert freeze.span == span
