"""``--server``: a user without AWS credentials sees the same as the server."""

import json
import os
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from contextlib import contextmanager

import pytest
from jsonschema import Draft202012Validator

from controller.cli import main
from controller.cli.schemas import status_schema
from controller.emulation.runtimes.scripted import Script
from tests.e2e.local_process import free_port

KEY = "made-up-key"
GROUP = "/ecs/t-api-development"
AWS = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


@pytest.fixture
def talking(world, capsys):
    """The service api runs, and its task said two things."""
    world.runtime.scripts["web:1"] = Script(says=("ready", "password=hunter2 is bad"))
    assert main(["apply", "--yes"]) == 0
    capsys.readouterr()
    return world


@contextmanager
def serving(folder, *words, **variables):
    """Yield the URL of a `serve` in a process of its own."""
    port = free_port()
    command = (sys.executable, "-m", "controller", "serve", *words)
    environ = {
        **os.environ,
        "HOKUSAI_API_KEY": KEY,
        "MLFLOW_TRACKING_URI": "http://127.0.0.1:1",
        **variables,
    }
    with (folder / "serve.log").open("w") as log:
        process = subprocess.Popen(
            (*command, "--host", "127.0.0.1", "--port", str(port)),
            cwd=folder,
            env=environ,
            stdout=log,
            stderr=log,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        answering(url, process)
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def answering(url, process):
    pause = threading.Event()
    while process.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/live", timeout=5).close()
        except urllib.error.URLError:
            pause.wait(0.05)
        else:
            return
    raise AssertionError


@pytest.fixture
def server(talking, here, monkeypatch):
    """The URL of a server that reaches AWS; we do not, from now on."""
    monkeypatch.setenv("HOKUSAI_API_KEY", KEY)
    with serving(here) as url:
        yield url


def printed(capsys, *words, status=0):
    capsys.readouterr()
    assert main([*words]) == status
    return capsys.readouterr().out


@pytest.mark.parametrize(
    "words", [("history", "service/api"), ("logs", "service/api")], ids=" ".join
)
@pytest.mark.parametrize("output", ["table", "json", "yaml", "markdown"])
def test_the_server_sees_what_aws_shows(server, capsys, monkeypatch, words, output):
    near = printed(capsys, *words, "-o", output)
    for name in AWS:
        monkeypatch.delenv(name)

    far = printed(capsys, *words, "-o", output, "--server", server)

    assert far == near
    assert "hunter2" not in far
    if output == "json":
        data = json.loads(far)
        assert [*Draft202012Validator(status_schema()).iter_errors(data)] == []


def test_status_of_one_resource_is_shown_in_full(server, capsys, monkeypatch):
    near = json.loads(printed(capsys, "status", "service/api", "-o", "json"))
    for name in AWS:
        monkeypatch.delenv(name)

    words = ("status", "service/api", "-o", "json", "--server", server)
    far = json.loads(printed(capsys, *words))

    assert far == near
    assert far["resources"][0]["details"] != []
    assert [*Draft202012Validator(status_schema()).iter_errors(far)] == []


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


def test_a_resource_that_the_server_does_not_declare_is_refused(server, capsys):
    assert main(["history", "service/other", "--server", server]) == 2

    told = capsys.readouterr().err
    assert "service/other is not declared in hokusai.yaml of the server" in told


def test_a_kind_without_rollouts_is_refused(server, talking, capsys):
    talking.edit("services:", "experiments: {lead-scoring: {}}\nservices:")

    assert main(["history", "experiment/lead-scoring", "--server", server]) == 2
    assert "has no rollouts: services do" in capsys.readouterr().err
