from datetime import timedelta

import pytest

from controller.emulation.ecs import Timing
from controller.emulation.runtimes.scripted import Script
from tests.builders.simulated_ecs import (
    CRASHES,
    HEALTH_CHECK,
    NETWORK,
    Ecs,
    address_of,
)

SLOW = Timing(
    provisioning=timedelta(seconds=2),
    settling=timedelta(seconds=2),
    deprovisioning=timedelta(seconds=2),
)
LOGS = {
    "logDriver": "awslogs",
    "options": {"awslogs-group": "/ecs/web", "awslogs-stream-prefix": "ecs"},
}


def run(ecs, **fields):
    body = {
        "cluster": "c",
        "taskDefinition": "web",
        "launchType": "FARGATE",
        "networkConfiguration": NETWORK,
        **fields,
    }
    return ecs.call("RunTask", body)["tasks"][0]["taskArn"]


def describe(ecs, arn):
    return ecs.call("DescribeTasks", {"cluster": "c", "tasks": [arn]})["tasks"][0]


def test_a_task_passes_every_state_in_order():
    ecs = Ecs(SLOW)
    ecs.register()
    ecs.runtime.scripts["web:1"] = Script(stops_after=timedelta(seconds=2))
    arn = run(ecs)

    statuses = [describe(ecs, arn)["lastStatus"]]
    for second in range(14):
        if second == 6:
            ecs.call("StopTask", {"cluster": "c", "task": arn})
            statuses.append(describe(ecs, arn)["lastStatus"])
        ecs.advance(1)
        statuses.append(describe(ecs, arn)["lastStatus"])

    assert list(dict.fromkeys(statuses)) == [
        "PROVISIONING",
        "PENDING",
        "RUNNING",
        "DEACTIVATING",
        "STOPPING",
        "DEPROVISIONING",
        "STOPPED",
    ]


def test_a_task_that_exits_keeps_its_exit_code():
    ecs = Ecs()
    ecs.register("job:1")
    ecs.runtime.scripts["job:1"] = Script(exits_after=timedelta(seconds=2), exit_code=3)
    arn = run(ecs)

    ecs.advance(5)

    task = describe(ecs, arn)
    assert task["lastStatus"] == "STOPPED"
    assert task["stopCode"] == "EssentialContainerExited"
    assert task["stoppedReason"] == "Essential container in task exited"
    assert task["containers"][0]["exitCode"] == 3


def test_a_task_whose_container_exits_at_once_was_never_running():
    ecs = Ecs(SLOW)
    ecs.register()
    ecs.runtime.scripts["web:1"] = CRASHES
    arn = run(ecs)

    ecs.advance(20)

    task = describe(ecs, arn)
    assert task["stopCode"] == "EssentialContainerExited"
    assert "startedAt" not in task


def test_an_image_that_cannot_be_pulled_is_named_in_the_reason():
    ecs = Ecs()
    ecs.register("gone:9")
    ecs.runtime.scripts["gone:9"] = Script(
        refuses="CannotPullContainerError: gone:9: not found"
    )
    arn = run(ecs)

    ecs.advance()

    task = describe(ecs, arn)
    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"] == "CannotPullContainerError: gone:9: not found"


def test_a_missing_secret_is_named_in_the_reason():
    ecs = Ecs()
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:nope"
    ecs.register(secrets=[{"name": "PASSWORD", "valueFrom": arn}])
    ecs.effects.missing_secrets.add(arn)
    task = run(ecs)

    ecs.advance()

    reason = describe(ecs, task)["stoppedReason"]
    assert reason.startswith("ResourceInitializationError: unable to pull secrets")
    assert arn in reason


def test_a_missing_log_group_prevents_the_start_of_the_task():
    ecs = Ecs()
    ecs.register(logConfiguration=LOGS)
    ecs.effects.missing_groups.add("/ecs/web")
    arn = run(ecs)

    ecs.advance()

    assert "log group does not exist" in describe(ecs, arn)["stoppedReason"]
    assert ecs.runtime.launches == []


def test_secrets_and_overrides_reach_the_environment():
    ecs = Ecs()
    ecs.register(
        environment=[{"name": "A", "value": "1"}, {"name": "B", "value": "1"}],
        secrets=[{"name": "C", "valueFrom": "/param"}],
        command=["serve"],
    )
    override = {
        "name": "app",
        "command": ["train"],
        "environment": [{"name": "B", "value": "2"}],
    }
    run(ecs, overrides={"containerOverrides": [override]})

    ecs.advance()

    (container,) = ecs.runtime.launches[0].containers
    assert container.environment == {"A": "1", "B": "2", "C": "value-of-/param"}
    assert container.command == ("train",)


def test_output_goes_to_the_stream_of_the_task():
    ecs = Ecs()
    ecs.register("job:1", logConfiguration=LOGS)
    ecs.runtime.scripts["job:1"] = Script(
        says=("hello", "world"), exits_after=timedelta(0)
    )
    task_id = run(ecs).rpartition("/")[2]

    ecs.advance()

    stream = f"/ecs/web:ecs/app/{task_id}"
    assert ecs.effects.log == [(stream, "hello"), (stream, "world")]


def test_the_attachment_shows_the_private_address():
    ecs = Ecs()
    ecs.register()
    arn = run(ecs)

    ecs.advance()

    task = describe(ecs, arn)
    details = {d["name"]: d["value"] for d in task["attachments"][0]["details"]}
    assert task["attachments"][0]["status"] == "ATTACHED"
    assert details["privateIPv4Address"] == address_of(task)
    assert details["subnetId"] == "subnet-a"


def test_addresses_are_in_the_subnet_if_it_is_known(monkeypatch):
    ecs = Ecs()
    ecs.register()
    monkeypatch.setattr(ecs.effects, "subnet", lambda _: ("10.7.3.0/24", "us-east-1c"))
    arn = run(ecs)

    ecs.advance()

    task = describe(ecs, arn)
    assert address_of(task) == "10.7.3.4"
    assert task["availabilityZone"] == "us-east-1c"


def test_health_is_unknown_then_healthy():
    ecs = Ecs()
    ecs.register(healthCheck=HEALTH_CHECK)
    arn = run(ecs)

    ecs.advance(3)
    before = describe(ecs, arn)["healthStatus"]
    ecs.advance(6)

    assert (before, describe(ecs, arn)["healthStatus"]) == ("UNKNOWN", "HEALTHY")


def test_failures_within_the_start_period_do_not_count():
    ecs = Ecs()
    ecs.register(healthCheck=HEALTH_CHECK | {"startPeriod": 30})
    ecs.runtime.scripts["web:1"] = Script(healthy=False)
    arn = run(ecs)

    ecs.advance(28)
    before = describe(ecs, arn)["healthStatus"]
    ecs.advance(30)

    assert (before, describe(ecs, arn)["healthStatus"]) == ("UNKNOWN", "UNHEALTHY")


def test_stopping_twice_keeps_the_first_reason():
    ecs = Ecs(SLOW)
    ecs.register()
    arn = run(ecs)
    ecs.advance(6)

    ecs.call("StopTask", {"cluster": "c", "task": arn, "reason": "first"})
    ecs.call("StopTask", {"cluster": "c", "task": arn, "reason": "second"})

    task = describe(ecs, arn)
    assert (task["stopCode"], task["stoppedReason"]) == ("UserInitiated", "first")


def test_a_stopped_task_can_be_described_for_an_hour():
    ecs = Ecs()
    ecs.register("job:1")
    ecs.runtime.scripts["job:1"] = Script(exits_after=timedelta(0))
    arn = run(ecs)
    ecs.advance()

    ecs.advance(3500, step=100)
    within = describe(ecs, arn)["lastStatus"]
    ecs.advance(200, step=100)
    answer = ecs.call("DescribeTasks", {"cluster": "c", "tasks": [arn]})

    assert within == "STOPPED"
    assert answer["failures"] == [{"arn": arn, "reason": "MISSING"}]


def test_a_sidecar_that_ends_does_not_end_the_task():
    ecs = Ecs()
    sidecar = {"name": "init", "image": "init:1", "essential": False}
    app = {"name": "app", "image": "web:1"}
    body = {
        "family": "web",
        "networkMode": "awsvpc",
        "memory": "512",
        "containerDefinitions": [app, sidecar],
    }
    ecs.call("RegisterTaskDefinition", body)
    ecs.runtime.scripts["init:1"] = Script(exits_after=timedelta(seconds=2))
    arn = run(ecs)

    ecs.advance(10)

    task = describe(ecs, arn)
    statuses = {c["name"]: c["lastStatus"] for c in task["containers"]}
    assert task["lastStatus"] == "RUNNING"
    assert statuses == {"app": "RUNNING", "init": "STOPPED"}


@pytest.mark.parametrize("count", [0, 11], ids=["none", "eleven"])
def test_run_task_starts_one_to_ten(count):
    ecs = Ecs()
    ecs.register()

    with pytest.raises(Exception, match="between 1 and 10"):
        run(ecs, count=count)


def test_every_state_change_of_a_task_is_published_once():
    ecs = Ecs(SLOW)
    ecs.register()
    run(ecs)

    ecs.advance(10)

    states = [
        (detail["lastStatus"], detail["version"])
        for kind, detail in ecs.effects.published
        if kind == "ECS Task State Change"
    ]
    assert len(states) == len(set(states))
    assert [status for status, _ in states][-1] == "RUNNING"
