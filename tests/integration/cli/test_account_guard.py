"""No AWS call before the account, the identity and the endpoint are verified."""

import pytest

from controller.app.read_only import looking
from controller.app.session import read
from controller.cli import main

ROLE = "arn:aws:iam::123456789012:role/hokusai-controller"
PLATFORM = "  region: us-east-1\n"


def identity(world):
    """Return who we are to AWS, as the document says."""
    with looking(read(world.file, None), without_store=True) as (controller, _):
        return controller.aws.call("sts", "GetCallerIdentity")["Arn"]


def test_another_account_is_refused_before_any_other_call(world, capsys):
    world.edit("123456789012", "999999999999")

    assert main(["apply", "--yes"]) == 2

    assert (
        "the document is for AWS account 999999999999, but the credentials belong to"
        " 123456789012"
    ) in capsys.readouterr().err
    assert world.ecs.list_services(cluster="t-development")["serviceArns"] == []


def test_a_region_that_does_not_exist_is_refused_with_the_nearest(
    world, capsys, monkeypatch
):
    world.edit("us-east-1", "us-esat-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")

    assert main(["diff"]) == 2
    assert (
        "AWS has no region us-esat-1; did you mean us-west-1 or us-east-1"
        in capsys.readouterr().err
    )


def test_the_role_of_the_document_is_assumed(world):
    world.edit(PLATFORM, f"{PLATFORM}  role: {ROLE}\n")

    assert identity(world).startswith(
        "arn:aws:sts::123456789012:assumed-role/hokusai-controller/"
    )


def test_a_role_of_another_account_is_a_mistake_in_the_document(world, capsys):
    other = ROLE.replace("123456789012", "999999999999")
    world.edit(PLATFORM, f"{PLATFORM}  role: {other}\n")

    assert main(["diff"]) == 2
    assert "platform.role: is not in account 123456789012" in capsys.readouterr().err


def test_the_profile_of_the_document_is_used(world, here, monkeypatch):
    (here / "credentials").write_text(
        "[ours]\naws_access_key_id = local\naws_secret_access_key = local\n"
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(here / "credentials"))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    world.edit(PLATFORM, f"{PLATFORM}  profile: ours\n")

    assert "123456789012" in identity(world)


def test_a_profile_that_is_not_there_is_refused(world, capsys):
    world.edit(PLATFORM, f"{PLATFORM}  profile: nobodys\n")

    assert main(["diff"]) == 2
    assert "nobodys" in capsys.readouterr().err


def test_the_endpoint_of_the_document_wins(world, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    world.edit(PLATFORM, f"{PLATFORM}  endpoint: {world.server.url}\n")

    assert "123456789012" in identity(world)


@pytest.mark.parametrize("endpoint", ["https://ecs.example", "http://127.0.0.1.evil"])
def test_the_local_environment_stays_on_this_machine(world, capsys, endpoint):
    world.edit(PLATFORM, f"{PLATFORM}  endpoint: {endpoint}\n")
    world.edit("environment: development", "environment: local")

    assert main(["validate"]) == 2
    assert "platform.endpoint: must be on this machine" in capsys.readouterr().err
