"""Formulas of the service scheduler."""

from dataclasses import dataclass
from datetime import timedelta

from controller.emulation.ecs.state import Body
from controller.emulation.ecs.timing import Timing

MIN_FAILURES = 3
MAX_FAILURES = 200


@dataclass(frozen=True, slots=True)
class TaskLimits:
    """Minimum of healthy and maximum of started tasks during a rolling update."""

    minimum: int
    maximum: int


def limits(desired: int, configuration: Body) -> TaskLimits:
    """Return the limits: the minimum rounded up, the maximum rounded down."""
    minimum_percent: int = configuration.get("minimumHealthyPercent", 100)
    maximum_percent: int = configuration.get("maximumPercent", 200)
    return TaskLimits(
        minimum=-(-desired * minimum_percent // 100),
        maximum=desired * maximum_percent // 100,
    )


def breaker_threshold(breaker: Body, desired: int) -> int:
    """Return the number of failed tasks at which the circuit breaker trips."""
    threshold = breaker.get("thresholdConfiguration", {})
    value: int = threshold.get("value", 50)
    kind = threshold.get("type", "BOUNDED_PERCENT")
    if kind == "COUNT":
        return value
    share = -(-desired * value // 100)
    if kind == "UNBOUNDED_PERCENT":
        return max(1, share)
    return min(max(share, MIN_FAILURES), MAX_FAILURES)


def backoff(failures: int, timing: Timing) -> timedelta:
    """Return the delay before the next task start, after consecutive failures."""
    extra = failures - timing.failures_before_backoff
    if extra < 0:
        return timedelta(0)
    doubled: int = 2 ** min(extra, 30)
    return min(timing.first_backoff * doubled, timing.longest_backoff)


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers of the tasks of a service that are meant to run.

    Attributes:
        fresh: Tasks of the primary deployment that are starting or healthy.
        fresh_healthy: Tasks of the primary deployment that are running and healthy.
        unhealthy: Tasks of the primary deployment that are unhealthy.
        old: All tasks of other deployments.
        old_healthy: Tasks of other deployments that are running and healthy.
    """

    fresh: int = 0
    fresh_healthy: int = 0
    unhealthy: int = 0
    old: int = 0
    old_healthy: int = 0


@dataclass(frozen=True, slots=True)
class Moves:
    """Numbers of tasks to start and to stop next."""

    start: int = 0
    stop_surplus: int = 0
    stop_unhealthy: int = 0
    stop_old_idle: int = 0
    stop_old_healthy: int = 0


def next_moves(desired: int, allowed: TaskLimits, counts: Counts) -> Moves:
    """Return the next moves of a rolling update.

    There are never more than ``allowed.maximum`` tasks and never fewer than
    ``allowed.minimum`` healthy ones. Tasks are started before others are stopped if
    the maximum allows it.
    """
    total = counts.fresh + counts.unhealthy + counts.old
    missing = max(0, desired - counts.fresh)
    start = max(0, min(missing, allowed.maximum - total))
    short = missing - start
    replaced = counts.fresh_healthy >= desired
    idle_old = counts.old - counts.old_healthy
    stop_idle = idle_old if replaced else min(idle_old, short)
    stop_unhealthy = counts.unhealthy if replaced else min(counts.unhealthy, short)
    return Moves(
        start=start,
        stop_surplus=max(0, counts.fresh - desired),
        stop_unhealthy=stop_unhealthy,
        stop_old_idle=stop_idle,
        stop_old_healthy=_old_to_stop(
            desired, allowed, counts, short - stop_unhealthy - stop_idle
        ),
    )


def _old_to_stop(desired: int, allowed: TaskLimits, counts: Counts, short: int) -> int:
    """Return the number of healthy old tasks to stop.

    That is those that are replaced, or those whose place new tasks need.
    """
    healthy = counts.fresh_healthy + counts.old_healthy
    spare = max(0, healthy - max(desired, allowed.minimum))
    for_room = max(0, min(short, healthy - allowed.minimum))
    return min(counts.old_healthy, max(spare, for_room))


def is_stuck(desired: int, allowed: TaskLimits, counts: Counts, moves: Moves) -> bool:
    """Return True if the percentages allow no start and no stop."""
    settled = counts.fresh == counts.fresh_healthy and counts.old == counts.old_healthy
    incomplete = counts.fresh < desired and moves == Moves()
    return settled and incomplete and allowed.maximum > 0
