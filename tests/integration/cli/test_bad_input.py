"""Mistakes of users and errors of AWS: one sentence with the next step, no partial work."""

import json

import pytest

from controller.cli import main
from controller.clients.aws import BotoAws
from tests.builders.command_line import DOCUMENT
from tests.fakes.refusing import refusing

EXPIRED = ("ExpiredTokenException", "The security token in the request is expired")
DENIED = ("AccessDeniedException", "User x is not authorized to perform it")
API = "t-api-development"


@pytest.fixture
def refused(world, monkeypatch):
    """Yield what the AWS in between refuses: patterns of operations, and why."""
    with refusing(world.server.url) as between:
        monkeypatch.setenv("AWS_ENDPOINT_URL", between.url)
        yield between.refused


@pytest.fixture
def applied(world):
    assert main(["apply", "--yes"]) == 0
    return world


def told(capsys, *words):
    """Return the exit status, and all that was said."""
    capsys.readouterr()
    status = main([*words])
    said = capsys.readouterr()
    assert "Traceback" not in said.out + said.err
    return status, said.out + said.err


def condition(capsys, type_="Ready", target="service/api"):
    _, said = told(capsys, "status", "-o", "json")
    (resource,) = [r for r in json.loads(said)["resources"] if r["resource"] == target]
    return next(c for c in resource["conditions"] if c["type"] == type_)


@pytest.mark.parametrize(
    ("region", "why"),
    [
        ('region: ""', "platform.region: must be an AWS region, as in us-east-1"),
        ("", "platform.region: is missing; add region: us-east-1"),
    ],
    ids=["empty", "none"],
)
def test_a_missing_region_is_a_mistake_in_the_document(here, capsys, region, why):
    text = DOCUMENT.replace("region: us-east-1", region).replace(", }", "}")
    (here / "hokusai.yaml").write_text(text)

    status, said = told(capsys, "diff")

    assert (status, why in said) == (2, True)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["status", "service/"], "is not an address: write kind/name"),
        (["history", "service/nope"], "service/nope is not declared"),
        (["diff", "service/ap"], "did you mean service/api?"),
    ],
)
def test_a_missing_or_unknown_name_is_refused(here, capsys, words, why):
    status, said = told(capsys, *words)

    assert (status, why in said) == (2, True)


def test_an_unknown_cluster_is_named_with_the_command_that_makes_it(world, capsys):
    world.ecs.delete_cluster(cluster="t-development")

    results = [told(capsys, *words) for words in (["diff"], ["preflight"])]
    results += [told(capsys, "history", "service/api")]
    failed, _ = told(capsys, "apply", "--yes", "--timeout", "1")

    for _, said in results:
        assert "luster t-development does not exist" in said
        assert "aws ecs create-cluster --cluster-name t-development" in said
    assert [status for status, _ in results] == [2, 1, 2]
    assert failed == 1
    assert condition(capsys)["reason"] == "Unknown"
    assert world.writes() == 0


def test_expired_credentials_are_reported_with_the_next_step(refused, capsys):
    refused["*"] = EXPIRED

    status, said = told(capsys, "diff")

    assert status == 2
    assert "the credentials have expired: get new ones" in said


def test_credentials_that_expire_during_apply_change_nothing(applied, refused, capsys):
    refused |= dict.fromkeys(["Describe*", "List*"], EXPIRED)
    applied.edit(
        "cpu: 256, memory: 512, discovery", "cpu: 512, memory: 1024, discovery"
    )
    before = applied.writes()

    looked, _ = told(capsys, "diff")
    failed, _ = told(capsys, "apply", "--yes", "--timeout", "1")

    found = condition(capsys, target="service/mlflow")
    assert (looked, failed) == (2, 1)
    assert (found["status"], found["reason"]) == ("Unknown", "Unknown")
    assert "get new ones, as with `aws sso login`" in found["message"]
    assert applied.writes() == before


def test_a_missing_read_permission_is_named(refused, capsys):
    refused["DescribeServices"] = DENIED

    status, said = told(capsys, "diff")

    assert status == 2
    assert "ecs:DescribeServices was refused: AccessDeniedException" in said
    assert "allow the call for `platform.role`, or for the identity" in said


def test_a_missing_write_permission_stalls_the_resource_and_is_named(
    world, refused, capsys
):
    refused["RegisterTaskDefinition"] = DENIED

    failed, _ = told(capsys, "apply", "--yes", "--timeout", "1")

    found = condition(capsys, "Stalled", "service/mlflow")
    assert failed == 1
    assert (found["status"], found["reason"]) == ("True", "ApplyFailed")
    assert "ecs:RegisterTaskDefinition was refused" in found["message"]
    assert "allow the call for `platform.role`" in found["message"]
    assert world.ecs.list_services(cluster="t-development")["serviceArns"] == []


def test_a_service_of_another_owner_is_not_changed(applied, capsys):
    arn = applied.service(API)["serviceArn"]
    key = "hokusai.ai/managed-by"
    foreign = [{"key": key, "value": "other/production"}]
    applied.ecs.tag_resource(resourceArn=arn, tags=foreign)
    applied.edit('image: "web:1"\n', 'image: "web:2"\n')

    failed, _ = told(capsys, "apply", "--yes", "--timeout", "1")

    found = condition(capsys, "Stalled")
    assert failed == 1
    assert (found["status"], found["reason"]) == ("True", "OwnershipConflict")
    assert "Managed by another controller" in found["message"]
    assert applied.service(API)["taskDefinition"].endswith(":1")


def test_an_inactive_revision_is_a_warning_and_refuses_a_restart(applied, capsys):
    arn = applied.service(API)["taskDefinition"]
    applied.ecs.deregister_task_definition(taskDefinition=arn)

    status, said = told(capsys, "diff")
    asked = ["restart", "service/api", "--reason", "it leaks", "--yes"]
    refused, why = told(capsys, *asked)
    assert main(["apply", "--yes", "--timeout", "1"]) == 1

    found = condition(capsys)
    assert (status, refused) == (1, 2)
    assert f"{API}:1 is INACTIVE" in said
    assert "register another revision, or roll back with `hokusai rollback`" in why
    assert (found["status"], found["reason"]) == ("True", "PreflightWarning")
    assert len(applied.service(API)["deployments"]) == 1


def test_a_revision_registered_by_others_changes_nothing(applied, capsys):
    container = {"name": API, "image": "web:9", "memory": 256}
    registered = applied.ecs.register_task_definition(
        family=API, containerDefinitions=[container]
    )

    status, _ = told(capsys, "diff")
    applied.edit('image: "web:1"\n', 'image: "web:2"\n')
    again = main(["apply", "--yes"])

    theirs = registered["taskDefinition"]["taskDefinitionArn"]
    assert (status, again) == (0, 0)
    assert applied.service(API)["taskDefinition"].endswith(f"{API}:3")
    assert theirs in applied.ecs.list_task_definitions()["taskDefinitionArns"]


@pytest.mark.parametrize("output", ["table", "json", "yaml", "markdown"])
@pytest.mark.parametrize(
    "value",
    [
        pytest.param('"\\e[31mred\\a\\r"', id="control characters"),
        pytest.param(f'"{"9" * 200_000}"', id="endless value"),
    ],
)
@pytest.mark.parametrize("field", ["cpu", "image", "port", "colour\\e[0m"])
def test_a_value_is_reported_short_and_without_control_characters(
    here, capsys, output, value, field
):
    service = f'services:\n  api: {{image: "web:1", "{field}": {value}}}\n'
    (here / "hokusai.yaml").write_text(DOCUMENT.partition("services:")[0] + service)

    status, said = told(capsys, "validate", "-o", output)

    assert status == 2
    assert not {"\x1b", "\x07", "\r"} & set(said)
    assert len(said) < 3_000


@pytest.mark.parametrize("words", [("diff",), ("apply", "--yes"), ("preflight",)])
def test_a_local_platform_that_does_not_run_is_named_and_aws_is_not_asked(
    here, capsys, monkeypatch, words
):
    text = DOCUMENT.replace("environment: development", "environment: local")
    (here / "hokusai.yaml").write_text(text)
    monkeypatch.setattr(BotoAws, "call", lambda *_a, **_k: pytest.fail("AWS was asked"))

    status, said = told(capsys, *words)

    assert status == 2
    assert "the local platform is not running: start it with `make run`" in said
