"""Preflight results of a service that declares only a role, subnets and an image."""

import pytest

from controller.core.planning.preflight import (
    CheckFinding,
    CheckPassed,
    CheckSkipped,
    Severity,
)
from tests.builders.prerequisites import ECR, ROLES, SUBNET, bare, of_check
from tests.fakes.surroundings import (
    results,
    spec_of,
)


@pytest.mark.parametrize("image", ["hokusai/api:1", "api", "nginx@sha256:" + "a" * 64])
def test_an_image_without_a_registry_is_a_warning_about_docker_hub(image):
    (found,) = [r for r in bare(image=image) if isinstance(r, CheckFinding)]

    host = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
    assert (found.check, found.severity) == ("image", Severity.WARNS)
    assert f"Docker Hub, not from the ECR of this account: write {host}/{image}," in (
        found.message
    )
    assert "aws ecr describe-images" in found.command


@pytest.mark.parametrize(
    "fields",
    [
        {"image": "docker.io/hokusai/api:1"},
        {"image": "public.ecr.aws/nginx/nginx:1"},
        {"image": "localhost:5000/api"},
    ],
    ids=str,
)
def test_an_explicit_registry_is_no_finding(fields):
    assert not [r for r in bare(**fields) if isinstance(r, CheckFinding)]


def test_an_image_of_the_local_platform_is_no_finding():
    spec = spec_of(network={"subnets": [SUBNET]})
    spec = spec.model_copy(update={"owner": "hokusai/local"})

    assert not [r for r in results(spec) if isinstance(r, CheckFinding)]


def test_checks_that_do_not_apply_are_skipped_with_a_reason():
    found = bare(image="docker.io/hokusai/api:1")

    skipped = {r.check: r.reason for r in found if isinstance(r, CheckSkipped)}
    assert skipped["image"] == "docker.io/hokusai/api:1 is not in ECR"
    assert skipped["log group"] == "it is created together with the service"
    passed = [r.check for r in found if isinstance(r, CheckPassed)]
    assert passed == ["cluster", "roles", "network", "rollout"]


LOGS = "ECS needs one to write logs to CloudWatch:"
NEEDS_ROLE = {
    "logs": ({}, LOGS),
    "secrets": (
        {"secrets": {"DB_PASSWORD": {"ssm": "/db"}}},
        "to read DB_PASSWORD and to write logs",
    ),
    "ecr": ({"image": ECR}, "to pull from ECR and to write logs"),
    "secrets on an instance": (
        {
            "secrets": {"DB_PASSWORD": {"ssm": "/db"}},
            "task": {"requiresCompatibilities": ["EC2"]},
        },
        "needs one to read DB_PASSWORD: create",
    ),
}


@pytest.mark.parametrize(("fields", "why"), NEEDS_ROLE.values(), ids=NEEDS_ROLE)
def test_a_missing_execution_role_blocks_and_says_what_it_is_for(fields, why):
    (found,) = of_check("roles", roles={}, **fields)

    assert (found.severity, found.path) == (Severity.BLOCKS, "roles.execution")
    assert why in found.message
    assert (
        "aws iam create-role --role-name hokusai-api-development-exec" in found.command
    )
    assert "AmazonECSTaskExecutionRolePolicy" in found.command


@pytest.mark.parametrize(
    "task",
    [
        {"requiresCompatibilities": ["EC2"]},
        {"executionRoleArn": f"{ROLES}/mine"},
    ],
    ids=["an instance has its own", "in AWS fields"],
)
def test_no_execution_role_is_required_if_ecs_requires_none(task):
    found = of_check("roles", roles={}, task=task)

    assert found == [CheckSkipped("roles", "no roles are declared")]


def test_missing_subnets_block():
    (found,) = of_check("network", network={})

    assert (found.severity, found.path) == (Severity.BLOCKS, "network.subnets")
    assert found.command.startswith("aws ec2 describe-subnets --query ")


def test_tasks_without_addresses_of_their_own_need_no_subnets():
    task = {"networkMode": "bridge", "requiresCompatibilities": ["EC2"]}

    (found,) = of_check("network", network={}, task=task)

    assert found == CheckSkipped("network", "the network mode needs no subnets")


def test_subnets_may_be_declared_as_aws_fields():
    placed = {"awsvpcConfiguration": {"subnets": [SUBNET]}}

    found = of_check("network", network={}, service={"networkConfiguration": placed})

    assert not any(isinstance(result, CheckFinding) for result in found)


def test_a_missing_circuit_breaker_and_no_room_are_warnings():
    deployment = {"circuit_breaker": False, "maximum_percent": 150}

    told = bare(deployment=deployment, image="docker.io/hokusai/api:1")
    found = [r for r in told if isinstance(r, CheckFinding)]

    assert [r.path for r in found] == ["deployment", "deployment.circuit_breaker"]
    assert "of 1, at least 1 must run and at most 1 may" in found[0].message


def test_a_role_of_another_account_is_not_checked():
    elsewhere = "arn:aws:iam::210987654321:role/execution"

    found = bare(roles={"execution": elsewhere})

    assert CheckSkipped("roles", f"{elsewhere} is in another account") in found
