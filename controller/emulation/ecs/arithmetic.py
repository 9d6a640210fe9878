"""The scheduler's numbers, as formulas."""

from dataclasses import dataclass
from datetime import timedelta

from controller.emulation.ecs.state import Body
from controller.emulation.ecs.timing import Timing

LEAST_FAILURES = 3
MOST_FAILURES = 200


@dataclass(frozen=True, slots=True)
class TaskLimits:
    """How few healthy and how many started tasks a rolling update allows."""

    least: int
    most: int


def limits(desired: int, configuration: Body) -> TaskLimits:
    """Return the limits: the lower one rounded up, the upper one rounded down."""
    least_percent: int = configuration.get("minimumHealthyPercent", 100)
    most_percent: int = configuration.get("maximumPercent", 200)
    return TaskLimits(
        least=-(-desired * least_percent // 100), most=desired * most_percent // 100
    )


def breaker_threshold(breaker: Body, desired: int) -> int:
    """Return after how many failed tasks the circuit breaker trips."""
    threshold = breaker.get("thresholdConfiguration", {})
    value: int = threshold.get("value", 50)
    kind = threshold.get("type", "BOUNDED_PERCENT")
    if kind == "COUNT":
        return value
    share = -(-desired * value // 100)
    if kind == "UNBOUNDED_PERCENT":
        return max(1, share)
    return min(max(share, LEAST_FAILURES), MOST_FAILURES)


def backoff(failures: int, timing: Timing) -> timedelta:
    """Return how long ECS waits to start a task after failures in a row."""
    extra = failures - timing.failures_before_backoff
    if extra < 0:
        return timedelta(0)
    doubled: int = 2 ** min(extra, 30)
    return min(timing.first_backoff * doubled, timing.longest_backoff)


@dataclass(frozen=True, slots=True)
class Counts:
    """The tasks of a service that nobody has stopped yet.

    Attributes:
        fresh: of the primary deployment, on their way or healthy.
        fresh_healthy: of the primary deployment, running and healthy.
        unhealthy: of the primary deployment, found unhealthy.
        old: of other deployments, all together.
        old_healthy: of other deployments, running and healthy.
    """

    fresh: int = 0
    fresh_healthy: int = 0
    unhealthy: int = 0
    old: int = 0
    old_healthy: int = 0


@dataclass(frozen=True, slots=True)
class Moves:
    """What to do next: how many to start, and how many of which to stop."""

    start: int = 0
    stop_surplus: int = 0
    stop_unhealthy: int = 0
    stop_old_idle: int = 0
    stop_old_healthy: int = 0


def next_moves(desired: int, allowed: TaskLimits, counts: Counts) -> Moves:
    """Return the next moves of a rolling update.

    Never more than ``allowed.most`` tasks, never fewer than ``allowed.least``
    healthy ones; start before stopping where there is room.
    """
    total = counts.fresh + counts.unhealthy + counts.old
    wanted = max(0, desired - counts.fresh)
    start = max(0, min(wanted, allowed.most - total))
    short = wanted - start
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
    """Return how many healthy old tasks can go: the replaced, or for their room."""
    healthy = counts.fresh_healthy + counts.old_healthy
    spare = max(0, healthy - max(desired, allowed.least))
    for_room = max(0, min(short, healthy - allowed.least))
    return min(counts.old_healthy, max(spare, for_room))


def is_stuck(desired: int, allowed: TaskLimits, counts: Counts, moves: Moves) -> bool:
    """Return whether the percentages leave nothing to start and nothing to stop."""
    settled = counts.fresh == counts.fresh_healthy and counts.old == counts.old_healthy
    return settled and counts.fresh < desired and moves == Moves() and allowed.most > 0
