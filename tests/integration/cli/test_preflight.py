"""``preflight`` and ``apply`` on a platform with missing prerequisites."""

import json

import pytest

from controller.cli import main

IMAGE = "docker.io/library/web:1"
LINE = f'  api:\n    image: "{IMAGE}"\n'


@pytest.fixture
def lacking(world):
    """The service api refers to a parameter that nobody made."""
    world.edit("web:1", IMAGE)
    assert main(["preflight"]) == 0
    world.edit(LINE, f"{LINE}    secrets: {{REDIS_HOST: {{ssm: /t/redis}}}}\n")
    return world


def test_every_finding_is_printed_and_the_exit_code_is_one(lacking, capsys):
    capsys.readouterr()

    assert main(["preflight", "-o", "json"]) == 1
    data = json.loads(capsys.readouterr().out)
    assert main(["preflight", "service/mlflow"]) == 0

    wrong = [
        (resource["resource"], check["check"], check["command"])
        for resource in data["resources"]
        for check in resource["checks"]
        if check["result"] == "blocks"
    ]
    command = (
        "aws ssm put-parameter --name /t/redis --type SecureString --value "
        "file://value.txt --region us-east-1"
    )
    assert wrong == [("service/api", "secrets", command)]
    assert "service/api" not in capsys.readouterr().out


def test_a_blocking_finding_prevents_the_deployment_until_it_is_fixed(lacking, capsys):
    assert main(["apply", "--yes"]) == 1
    told = capsys.readouterr()
    assert main(["diff"]) == 1
    planned = capsys.readouterr().out
    revisions = lacking.writes()
    ssm = lacking.client("ssm")
    ssm.put_parameter(Name="/t/redis", Value="x", Type="SecureString")

    assert main(["apply", "--yes"]) == 0

    assert "PreflightFailed" in planned or "Preflight:" in planned
    assert "SSM parameter /t/redis does not exist" in planned + told.out
    assert "run: aws ssm put-parameter" in planned
    assert (revisions, lacking.writes()) == (1, 2)
