"""``logs``, on the emulated CloudWatch."""

import os
import signal
import subprocess
import sys

import pytest

from controller.cli import main
from controller.emulation.runtimes.scripted import Script
from tests.builders.waiting import eventually

GROUP = "/ecs/t-api-development"


@pytest.fixture
def talking(world, capsys):
    """The service api runs, and its task said two things."""
    world.runtime.scripts["web:1"] = Script(says=("ready", "password=hunter2 is bad"))
    assert main(["apply", "--yes"]) == 0
    eventually(lambda: written(world), lambda lines: len(lines) > 1)
    capsys.readouterr()
    return world


def written(world):
    """Return the log events that the emulated CloudWatch has of the service."""
    logs = world.client("logs")
    return logs.filter_log_events(logGroupName=GROUP)["events"]


def task_of(world):
    arns = world.ecs.list_tasks(
        cluster="t-development", serviceName="t-api-development"
    )["taskArns"]
    return arns[0].rpartition("/")[2]


def test_lines_come_in_order_with_the_task_and_without_secrets(talking, capsys):
    assert main(["logs", "service/api"]) == 0

    first, second = capsys.readouterr().out.splitlines()
    assert first.endswith(f"{task_of(talking)[:12]}  ready")
    assert second.endswith("password=*** is bad")


def test_a_task_is_selected_by_a_prefix_of_its_id(talking, capsys):
    assert main(["logs", "service/api", "--task", task_of(talking)[:6]]) == 0
    assert "ready" in capsys.readouterr().out

    assert main(["logs", "service/api", "--task", "nobody"]) == 0
    told = capsys.readouterr()
    assert (told.out.strip(), "wrote no log lines" in told.err) == ("", True)


def test_the_number_of_lines_is_limited(talking, capsys):
    assert main(["logs", "service/api", "-n", "1"]) == 0

    assert len(capsys.readouterr().out.splitlines()) == 1


def test_a_missing_log_group_is_reported_with_its_cause(talking, capsys):
    talking.client("logs").delete_log_group(logGroupName=GROUP)

    assert main(["logs", "service/api"]) == 2
    assert f"log group {GROUP} does not exist" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--follow", "-o", "yaml"], "use -o table or -o json"),
        (["--since", "yesterday"], "write 30s, 10m, 2h or 7d"),
    ],
)
def test_an_invalid_option_is_refused(talking, capsys, words, told):
    try:
        status = main(["logs", "service/api", *words])
    except SystemExit as ended:
        status = ended.code

    assert status == 2
    assert told in capsys.readouterr().err


def test_following_streams_new_lines_until_interrupted(talking, here):
    command = [sys.executable, "-m", "controller", "logs", "service/api", "--follow"]
    process = subprocess.Popen(
        command, cwd=here, env={**os.environ}, stdout=subprocess.PIPE, text=True
    )
    first = [process.stdout.readline() for _ in range(2)]
    logs = talking.client("logs")
    stream = logs.describe_log_streams(logGroupName=GROUP)["logStreams"][0]
    logs.put_log_events(
        logGroupName=GROUP,
        logStreamName=stream["logStreamName"],
        logEvents=[{"timestamp": stream["lastEventTimestamp"], "message": "and on"}],
    )

    following = process.stdout.readline()
    process.send_signal(signal.SIGINT)

    assert first[0].endswith("ready\n")
    assert following.endswith("and on\n")
    assert process.wait(20) == 130
    process.stdout.close()


def test_following_ends_when_its_reader_closes_the_stream(talking, here):
    command = [sys.executable, "-m", "controller", "logs", "service/api", "--follow"]
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        command, cwd=here, env={**os.environ}, stdout=pipe, stderr=pipe, text=True
    )
    assert process.stdout.readline().endswith("ready\n")

    process.stdout.close()
    told = process.stderr.read()

    assert (process.wait(20), told) == (0, "")
    process.stderr.close()
