from datetime import timedelta

import pytest

from controller.emulation.ecs.arithmetic import (
    Counts,
    Moves,
    TaskLimits,
    backoff,
    breaker_threshold,
    is_stuck,
    limits,
    next_moves,
)
from controller.emulation.ecs.timing import Timing


@pytest.mark.parametrize(
    ("desired", "minimum", "maximum", "expected"),
    [
        (4, 100, 200, TaskLimits(4, 8)),
        (4, 50, 100, TaskLimits(2, 4)),
        (3, 50, 150, TaskLimits(2, 4)),
        (1, 50, 150, TaskLimits(1, 1)),
        (0, 100, 200, TaskLimits(0, 0)),
    ],
)
def test_the_lower_limit_rounds_up_and_the_upper_one_down(
    desired, minimum, maximum, expected
):
    configuration = {"minimumHealthyPercent": minimum, "maximumPercent": maximum}

    assert limits(desired, configuration) == expected


@pytest.mark.parametrize(
    ("desired", "threshold"), [(1, 3), (6, 3), (7, 4), (20, 10), (400, 200), (900, 200)]
)
def test_the_breaker_trips_at_half_the_tasks_between_3_and_200(desired, threshold):
    assert breaker_threshold({"enable": True}, desired) == threshold


@pytest.mark.parametrize(
    ("kind", "value", "threshold"),
    [("COUNT", 7, 7), ("UNBOUNDED_PERCENT", 10, 1), ("BOUNDED_PERCENT", 100, 10)],
)
def test_the_threshold_can_be_configured(kind, value, threshold):
    breaker = {"thresholdConfiguration": {"type": kind, "value": value}}

    assert breaker_threshold(breaker, desired=10) == threshold


def test_pauses_double_after_three_failures_up_to_a_limit():
    timing = Timing(
        first_backoff=timedelta(seconds=10), longest_backoff=timedelta(seconds=60)
    )

    pauses = [backoff(failures, timing).total_seconds() for failures in range(1, 8)]

    assert pauses == [0, 0, 10, 20, 40, 60, 60]


def test_starts_before_it_stops_if_the_maximum_allows_it():
    moves = next_moves(2, TaskLimits(2, 4), Counts(old=2, old_healthy=2))

    assert moves == Moves(start=2)


def test_stops_as_many_old_tasks_as_new_ones_are_healthy():
    counts = Counts(fresh=2, fresh_healthy=1, old=2, old_healthy=2)

    assert next_moves(2, TaskLimits(2, 4), counts) == Moves(stop_old_healthy=1)


def test_stops_first_if_the_maximum_is_reached():
    moves = next_moves(4, TaskLimits(2, 4), Counts(old=4, old_healthy=4))

    assert moves == Moves(stop_old_healthy=2)


def test_an_unhealthy_task_is_replaced_before_it_is_stopped():
    before = next_moves(1, TaskLimits(1, 2), Counts(unhealthy=1))
    after = next_moves(
        1, TaskLimits(1, 2), Counts(fresh=1, fresh_healthy=1, unhealthy=1)
    )

    assert (before, after) == (Moves(start=1), Moves(stop_unhealthy=1))


def test_an_unhealthy_task_makes_room_for_its_replacement():
    counts = Counts(unhealthy=1, old=1, old_healthy=1)

    assert next_moves(1, TaskLimits(1, 2), counts) == Moves(stop_unhealthy=1)


def test_scaling_in_stops_the_surplus():
    moves = next_moves(1, TaskLimits(1, 2), Counts(fresh=3, fresh_healthy=3))

    assert moves == Moves(stop_surplus=2)


def test_100_and_100_percent_of_one_task_allow_no_move():
    allowed, counts = TaskLimits(1, 1), Counts(old=1, old_healthy=1)
    moves = next_moves(1, allowed, counts)

    assert moves == Moves()
    assert is_stuck(1, allowed, counts, moves)


@pytest.mark.parametrize("desired", range(5))
@pytest.mark.parametrize(
    ("minimum", "maximum"), [(100, 200), (50, 100), (0, 100), (50, 150)]
)
def test_no_move_breaks_the_limits(desired, minimum, maximum):
    percents = {"minimumHealthyPercent": minimum, "maximumPercent": maximum}
    allowed = limits(desired, percents)
    for fresh in range(desired + 1):
        for old in range(desired + 1):
            if fresh + old > max(allowed.maximum, desired):
                continue
            counts = Counts(fresh, fresh, 0, old, old)

            moves = next_moves(desired, allowed, counts)

            healthy = fresh + old - moves.stop_old_healthy - moves.stop_surplus
            assert fresh + old + moves.start <= max(allowed.maximum, fresh + old)
            assert healthy >= min(allowed.minimum, fresh + old)
