"""The AWS CLI drives the emulated ECS."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders.emulated_platform import Platform
from tests.builders.waiting import eventually

AWS = Path(sys.executable).with_name("aws")


@pytest.fixture
def platform(real):
    return Platform(real)


def aws(server, *words):
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "AWS_ENDPOINT_URL": server.url,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    ran = subprocess.run(
        [sys.executable, AWS, "ecs", *words, "--output", "json"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout or "null")


def test_describes_updates_waits_and_runs(real, platform):
    platform.register("web", "web:1")
    platform.register("job", "job:1", environment=[{"name": "WORD", "value": "x"}])
    platform.create("web")
    service = ("--cluster", "c", "--service", "web")

    aws(real, "update-service", *service, "--desired-count", "2")
    eventually(lambda: platform.service("web")["runningCount"], lambda n: n == 2)
    aws(real, "wait", "services-stable", "--cluster", "c", "--services", "web")
    described = aws(real, "describe-services", "--cluster", "c", "--services", "web")
    network = f"awsvpcConfiguration={{subnets=[{platform.subnet}]}}"
    job = ("--task-definition", "job", "--launch-type", "FARGATE")
    ran = aws(
        real, "run-task", "--cluster", "c", *job, "--network-configuration", network
    )

    assert described["services"][0]["runningCount"] == 2
    assert ran["tasks"][0]["group"] == "family:job"
