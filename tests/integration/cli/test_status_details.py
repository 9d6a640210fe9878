"""``status KIND/NAME``: the details of one resource."""

import json
import os
import pty
import signal
import subprocess
import sys

import pytest
from jsonschema import Draft202012Validator

from controller.cli import main
from controller.cli.schemas import status_schema
from controller.core.resources.condition import Truth

READY = (Truth.TRUE, "Ready", "It runs.")
MISSING = (Truth.FALSE, "TasksMissing", "0 of 1 tasks run.")


def data_of(capsys, *words):
    capsys.readouterr()
    main([*words, "-o", "json"])
    data = json.loads(capsys.readouterr().out)
    assert list(Draft202012Validator(status_schema()).iter_errors(data)) == []
    return data


def test_the_details_of_a_service_have_every_section(world, capsys):
    assert main(["apply", "--yes"]) == 0

    data = data_of(capsys, "status", "service/api")

    (resource,) = data["resources"]
    found = {section["title"]: section for section in resource["details"]}
    assert [s["title"] for s in resource["details"] if s["problem"]] == []
    (deployment,) = found["deployments"]["rows"]
    assert (deployment["status"], deployment["running"]) == ("PRIMARY", 1)
    (task,) = found["tasks"]["rows"]
    assert task["revision"] == "t-api-development:1"
    (instance,) = found["registration"]["rows"]
    assert instance["address"] == task["address"]
    assert instance["task"] == "running"
    assert found["rollouts"]["rows"][0]["rollout"] == "SUCCESSFUL"
    assert "steady state" in found["events"]["rows"][0]["event"]


def test_a_stopped_task_is_shown_with_its_reason(world, capsys):
    main(["apply", "--yes"])
    (arn,) = world.ecs.list_tasks(
        cluster="t-development", serviceName="t-api-development"
    )["taskArns"]
    world.ecs.stop_task(cluster="t-development", task=arn, reason="tried by hand")

    data = data_of(capsys, "status", "service/api")

    (resource,) = data["resources"]
    tasks = next(s for s in resource["details"] if s["title"] == "tasks")
    stopped = [row for row in tasks["rows"] if "tried by hand" in row["reason"]]
    assert len(stopped) == 1


def test_tables_have_the_same_sections_as_json(world, capsys):
    main(["apply", "--yes"])
    capsys.readouterr()

    assert main(["status", "service/api"]) == 0

    told = capsys.readouterr().out
    for title in ("conditions", "deployments", "tasks", "events", "registration"):
        assert f"\n{title}\n" in told


def test_verbose_shows_the_calls_of_an_observation_and_writes_nothing(world, capsys):
    main(["apply", "--yes"])

    data = data_of(capsys, "status", "--verbose")

    calls = {call["call"]: call for call in data["spent"]["calls"]}
    assert calls["ecs:DescribeServices"]["times"] == 1
    assert sum(call["writes"] for call in calls.values()) == 0
    assert {"service", "model"} <= {rule["kind"] for rule in data["spent"]["rules"]}


def test_a_missing_resource_is_reported(world, capsys, recorded):
    recorded.save_statuses(api=MISSING)

    (resource,) = data_of(capsys, "status", "service/api")["resources"]

    assert any("does not exist" in s["problem"] for s in resource["details"])


def test_the_wrong_account_hides_no_conditions(world, capsys, recorded):
    recorded.save_statuses(api=READY)
    world.edit("123456789012", "999999999999")

    (resource,) = data_of(capsys, "status", "service/api")["resources"]

    assert resource["conditions"][0]["status"] == "True"
    assert "the document is for AWS account" in resource["details"][0]["problem"]


@pytest.mark.parametrize("ready", [True, False])
def test_watch_prints_each_change_until_ctrl_c(recorded, here, ready):
    recorded.save_statuses(api=READY)
    program = "import sys; from controller.cli import main; sys.exit(main())"
    watching = subprocess.Popen(
        [sys.executable, "-c", program, "status", "--watch"],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ,
    )
    assert "service/api  Ready: It runs." in watching.stdout.readline()

    recorded.save_statuses(api=READY if ready else MISSING, mlflow=READY)
    line = watching.stdout.readline()
    watching.send_signal(signal.SIGINT)
    rest, _ = watching.communicate(timeout=10)

    assert ("service/mlflow" if ready else "TasksMissing") in line + rest
    assert watching.returncode == (0 if ready else 1)


def test_on_a_terminal_watch_redraws_and_restores_the_cursor(recorded, here):
    recorded.save_statuses(api=READY)
    ours, theirs = pty.openpty()
    program = "import sys; from controller.cli import main; sys.exit(main())"
    watching = subprocess.Popen(
        [sys.executable, "-c", program, "status", "--watch"], stdout=theirs
    )
    os.close(theirs)
    told = b""
    while b"press Ctrl-C to stop" not in told:
        told += os.read(ours, 4096)
    watching.send_signal(signal.SIGINT)

    assert watching.wait(timeout=10) == 0
    told += os.read(ours, 4096)
    os.close(ours)
    assert b"\x1b[H\x1b[2J" in told
    assert told.rstrip().endswith(b"\x1b[?25h")
