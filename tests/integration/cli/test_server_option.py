"""``--server``: a user without AWS credentials sees the same as the server."""

import os
import subprocess
import sys

import pytest

from controller.cli import main
from controller.emulation.runtimes.scripted import Script
from tests.builders.api_server import AWS, KEY, serving

GROUP = "/ecs/t-api-development"


@pytest.fixture
def talking(world, capsys):
    """The service api runs, and its task said two things."""
    world.runtime.scripts["web:1"] = Script(says=("ready", "password=hunter2 is bad"))
    assert main(["apply", "--yes"]) == 0
    capsys.readouterr()
    return world


@pytest.fixture
def server(talking, here, monkeypatch):
    """The URL of a server that reaches AWS; we do not, from now on."""
    monkeypatch.setenv("HOKUSAI_API_KEY", KEY)
    with serving(here) as url:
        yield url


def test_a_followed_log_repeats_no_line_and_ends_with_its_reader(server, talking, here):
    environ = {name: text for name, text in os.environ.items() if name not in AWS}
    process = subprocess.Popen(
        (
            *(sys.executable, "-m", "controller", "logs", "service/api"),
            *("--follow", "--server", server),
        ),
        cwd=here,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    told = [process.stdout.readline() for _ in range(2)]
    logs = talking.client("logs")
    stream = logs.describe_log_streams(logGroupName=GROUP)["logStreams"][0]
    for message in ("and on", "and on again"):
        logs.put_log_events(
            logGroupName=GROUP,
            logStreamName=stream["logStreamName"],
            logEvents=[{"timestamp": stream["lastEventTimestamp"], "message": message}],
        )
        told.append(process.stdout.readline())

    process.stdout.close()
    complaint = process.stderr.read()

    said = ["ready", "password=*** is bad", "and on", "and on again"]
    assert [line.rstrip("\n").rpartition("  ")[2] for line in told] == said
    assert (process.wait(20), complaint) == (0, "")
    process.stderr.close()


@pytest.mark.parametrize("words", [("history",), ("logs",), ("logs", "--follow")])
def test_a_server_without_a_document_names_the_option_to_set(
    here, tmp_path, capsys, monkeypatch, words
):
    monkeypatch.setenv("HOKUSAI_API_KEY", KEY)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    with serving(elsewhere) as url:
        assert main([*words, "service/api", "--server", url]) == 2

    told = capsys.readouterr().err
    assert "has no document at hokusai.yaml" in told
    assert "hokusai serve -f FILE" in told
    assert len(told.splitlines()) == 1


def test_the_server_reports_that_aws_cannot_be_reached(here, capsys, monkeypatch):
    monkeypatch.setenv("HOKUSAI_API_KEY", KEY)
    away = {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
    }

    with serving(here, **away) as url:
        assert main(["history", "service/api", "--server", url]) == 2

    (told,) = capsys.readouterr().err.splitlines()
    assert "/api/v1/history failed: " in told
    assert "sts:GetCallerIdentity" in told


def test_the_server_reports_missing_credentials(here, capsys, monkeypatch):
    monkeypatch.setenv("HOKUSAI_API_KEY", KEY)
    nobody = {
        "AWS_SHARED_CREDENTIALS_FILE": str(here / "none"),
        "AWS_CONFIG_FILE": str(here / "none"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    for name in AWS:
        monkeypatch.delenv(name, raising=False)

    with serving(here, **nobody) as url:
        assert main(["logs", "service/api", "--server", url]) == 2

    (told,) = capsys.readouterr().err.splitlines()
    assert "credentials" in told
    assert "409" in told


def test_a_kind_without_rollouts_is_refused(server, talking, capsys):
    talking.edit("services:", "experiments: {lead-scoring: {}}\nservices:")

    assert main(["history", "experiment/lead-scoring", "--server", server]) == 2
    assert "has no rollouts: only services have" in capsys.readouterr().err
