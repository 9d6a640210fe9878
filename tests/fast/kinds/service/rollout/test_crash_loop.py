"""Crash loops: failures of tasks after their rollout."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from controller.core.resources.kind import HealthLevel
from controller.kinds.service import KIND
from controller.kinds.service.rollout.crash_loop import (
    crash_loop,
    crash_loop_message,
    has_recent_starts,
)
from controller.kinds.service.state.task import Task
from tests.builders.services import deployment, spec, state

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SCHEDULER = "ServiceSchedulerInitiated"
EXITED = "EssentialContainerExited"


def ago(minutes):
    return NOW - timedelta(minutes=minutes)


def died(minutes, code=EXITED, reason="Essential container in task exited", by=1):
    return Task(
        f"t{minutes}",
        f"ecs-svc/{by}",
        "STOPPED",
        "",
        "",
        code,
        (reason,),
        ago(minutes),
    )


def completed(minutes, by=1):
    what = f"(service api) (deployment ecs-svc/{by}) deployment completed."
    return {"createdAt": ago(minutes), "message": what}


def started(minutes):
    what = "(service api) has started 1 tasks: (task abc)."
    return {"createdAt": ago(minutes), "message": what}


def loop(*tasks, events=(), **more):
    return crash_loop(state(spec(), **more), {"events": [*events]}, tasks, NOW)


@pytest.mark.parametrize(
    ("minutes", "loops"),
    [
        pytest.param((1, 5), False, id="two may die"),
        pytest.param((1, 5, 9), True, id="three within minutes"),
        pytest.param((0, 7.5, 15), True, id="three within just the window"),
        pytest.param((0, 8, 16), False, id="three in more than the window"),
        pytest.param((14.9, 15, 16), True, id="the last almost a window ago"),
        pytest.param((15, 16, 17), False, id="none for a whole window"),
        pytest.param((1, 20, 21, 22), False, id="a window between them"),
        pytest.param((1, 13, 25, 26, 27), True, id="slower than before, not over yet"),
    ],
)
def test_tasks_that_die_one_after_the_other_count_until_a_window_without(
    minutes, loops
):
    assert bool(loop(*map(died, minutes))) is loops


@pytest.mark.parametrize(
    ("code", "reason", "loops"),
    [
        (EXITED, "Essential container in task exited", True),
        ("TaskFailedToStart", "CannotPullContainerError: not found", True),
        (SCHEDULER, "Task failed ELB health checks in (target-group arn:tg)", True),
        (SCHEDULER, "Task failed container health checks", True),
        (SCHEDULER, "Scaling activity initiated by (deployment ecs-svc/1)", False),
        (SCHEDULER, "Amazon ECS is performing maintenance on the host", False),
        ("SpotInterruption", "Your Spot Task was interrupted.", False),
        ("TerminationNotice", "The instance is going away", False),
        ("UserInitiated", "Task stopped by user", False),
    ],
)
def test_only_what_a_task_did_by_itself_counts(code, reason, loops):
    tasks = [died(minutes, code, reason) for minutes in (1, 2, 3)]

    assert bool(loop(*tasks)) is loops


def test_failures_during_the_rollout_do_not_count_afterwards():
    early = [died(minutes) for minutes in (10, 11, 12)]

    assert loop(*early, events=[completed(9)]) is None
    assert loop(*early, events=[completed(9, by=2)])
    assert loop(*early, events=[completed(9), completed(13)])


def test_tasks_of_another_deployment_do_not_count():
    assert loop(*(died(minutes, by=2) for minutes in (1, 2, 3))) is None


def test_a_rollout_in_progress_reports_its_own_failures():
    tasks = [died(minutes) for minutes in (1, 2, 3)]

    assert loop(*tasks, deployments=(deployment("IN_PROGRESS"),)) is None


def test_of_many_tasks_half_must_die_as_for_the_circuit_breaker():
    tasks = [died(minutes / 10) for minutes in range(10)]

    def found(desired):
        return crash_loop(replace(state(spec()), desired=desired), {}, tasks, NOW)

    assert found(20)
    assert found(21) is None


def test_the_message_has_count_window_cause_and_next_commands():
    found = loop(died(1), died(5), died(9.5))

    message = crash_loop_message("api", found, "hokusai-api:3", "api exited with 3")

    assert message == (
        "3 tasks of hokusai-api:3 failed within 9 min, the last at 2026-03-01T11:59:00Z: api "
        "exited with 3. Read the log with `hokusai logs service/api --since 1h`, or roll "
        "back with `hokusai rollback service/api --reason TEXT`. The crash loop ends 15 "
        "min after the last failure."
    )


@pytest.mark.parametrize("running", [0, 1])
def test_a_service_is_not_well_whether_or_not_its_tasks_run_at_this_moment(running):
    health = KIND.health(spec(), state(spec(), running=running, crash_loop="So it is."))

    assert (health.level, health.reason) == (HealthLevel.DEGRADED, "CrashLooping")
    assert health.message == "So it is."


@pytest.mark.parametrize(
    ("events", "restless"),
    [
        ([], False),
        ([started(1)], True),
        ([started(15)], False),
        ([completed(1), started(2)], False),
        ([started(1), completed(2), started(3)], True),
    ],
)
def test_only_after_a_task_came_by_itself_are_stopped_ones_of_interest(
    events, restless
):
    assert has_recent_starts(state(spec()), {"events": events}, NOW) is restless
