"""Stop reasons of tasks."""

from datetime import UTC, datetime

import pytest

from controller.kinds.service.rollout.stop_reason import last_failed, stop_reason
from controller.kinds.service.state.task import Task, task_of

SCALED = "Scaling activity initiated by (deployment ecs-svc/3)"


def task(id_, started_by="ecs-svc/2", at=1, **more):
    stopped_at = datetime(2026, 1, 1, at, tzinfo=UTC)
    return Task(id_, started_by, "STOPPED", "", "", stopped_at=stopped_at, **more)


def test_the_last_task_of_the_deployment_that_failed_is_to_blame():
    tasks = [
        task("a", at=1),
        task("b", at=2),
        task("c", at=3, stop_code="ServiceSchedulerInitiated", reasons=(SCALED,)),
        task("d", at=4, started_by="ecs-svc/1"),
    ]

    assert last_failed(tasks, "ecs-svc/2").id == "b"
    assert last_failed(tasks, "ecs-svc/9").id == "d"
    assert last_failed([], "ecs-svc/2") is None


def test_a_task_that_the_scheduler_stopped_for_its_health_is_to_blame():
    unhealthy = task(
        "b",
        stop_code="ServiceSchedulerInitiated",
        reasons=("Task failed ELB health checks in (target-group arn:tg/api)",),
    )
    room = task("c", at=3, stop_code="ServiceSchedulerInitiated", reasons=(SCALED,))

    assert last_failed([unhealthy, room], "ecs-svc/2") == unhealthy


@pytest.mark.parametrize(
    "event",
    [
        "(service api) (task b) failed container health checks.",
        (
            "(service api) (port 8001) is unhealthy in (target-group arn:tg/api) due to "
            "(reason Health checks failed with these codes: [502])."
        ),
    ],
)
def test_what_ecs_says_of_health_explains_as_well(event):
    assert stop_reason(None, [event], ()) == event.rstrip(".")


def test_reasons_and_the_last_log_line_form_one_sentence():
    found = task(
        "a", reasons=("Essential container in task exited", "api exited with 3")
    )

    told = stop_reason(found, (), ["starting", "no such table: users", ""])

    assert told == (
        "Essential container in task exited, api exited with 3, "
        'last log line: "no such table: users"'
    )


def test_a_task_that_never_was_is_explained_by_what_ecs_says():
    events = [
        "(service api) has started 1 tasks.",
        "(service api) was unable to place a task.",
    ]

    assert stop_reason(None, events, ()) == "(service api) was unable to place a task"
    assert stop_reason(None, events[:1], ()) == ""


@pytest.mark.parametrize(
    "line",
    [
        "connecting to postgresql://mlflow:s3cr3t@db/mlflow",
        "DB_PASSWORD=s3cr3t",
        "auth token: s3cr3t",
        '{"api_key": "s3cr3t"}',
    ],
)
def test_last_words_hold_no_secret(line):
    assert "s3cr3t" not in stop_reason(task("a"), (), [line])


def test_a_long_line_is_cut():
    assert len(stop_reason(task("a"), (), ["x" * 5_000])) < 300


def test_a_task_is_parsed_from_describe_tasks():
    answer = {
        "taskArn": "arn:task/cluster/abc",
        "lastStatus": "STOPPED",
        "startedBy": "ecs-svc/2",
        "stopCode": "EssentialContainerExited",
        "stoppedReason": "Essential container in task exited.",
        "containers": [
            {
                "name": "api",
                "exitCode": 137,
                "reason": "OutOfMemoryError: killed",
                "networkInterfaces": [{"privateIpv4Address": "10.0.0.7"}],
            }
        ],
    }

    found = task_of(answer)

    assert (found.id, found.address) == ("abc", "10.0.0.7")
    assert found.reasons == (
        "Essential container in task exited",
        "OutOfMemoryError: killed",
        "api exited with 137",
    )
