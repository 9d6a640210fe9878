"""Evaluation of policies, and parsing of role, bucket and image names."""

import pytest

from controller.kinds.service.preflight.policies import Access, access, trusts_tasks
from controller.kinds.service.spec.aws_names import buckets, ecr_image, role_name
from tests.fakes.surroundings import spec_of

BUCKET = "arn:aws:s3:::b"
REGISTRY = "123456789012.dkr.ecr.us-east-1.amazonaws.com"


def allow(action="s3:GetObject", resource=f"{BUCKET}/*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def verdict_of(*statements, action="s3:GetObject", resource=f"{BUCKET}/any"):
    return access([{"Statement": list(statements)}], action, resource)


@pytest.mark.parametrize(
    ("statements", "verdict"),
    [
        pytest.param((), Access.DENIED, id="no statement"),
        pytest.param((allow(),), Access.ALLOWED, id="outright"),
        pytest.param((allow("s3:*", "*"),), Access.ALLOWED, id="by patterns"),
        pytest.param((allow("S3:getobject"),), Access.ALLOWED, id="in any case"),
        pytest.param((allow(["s3:PutObject"]),), Access.DENIED, id="something else"),
        pytest.param((allow(resource=BUCKET),), Access.DENIED, id="elsewhere"),
        pytest.param(
            (allow(), {**allow("*", "*"), "Effect": "Deny"}),
            Access.DENIED,
            id="a denial wins",
        ),
        pytest.param(
            (allow(Condition={"Bool": {"x": "y"}}),), Access.UNSURE, id="conditions"
        ),
        pytest.param(
            (allow(), allow(Condition={})), Access.ALLOWED, id="one is unconditional"
        ),
        pytest.param(
            (allow(), {"Effect": "Deny", "NotAction": "iam:*", "Resource": "*"}),
            Access.UNSURE,
            id="exceptions",
        ),
        pytest.param(
            ({"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"},),
            Access.DENIED,
            id="it is the exception",
        ),
    ],
)
def test_policies_are_read_as_far_as_one_can(statements, verdict):
    assert verdict_of(*statements) is verdict


@pytest.mark.parametrize(
    ("principal", "action", "trusts"),
    [
        ({"Service": "ecs-tasks.amazonaws.com"}, "sts:AssumeRole", True),
        (
            {"Service": ["ec2.amazonaws.com", "ecs-tasks.amazonaws.com"]},
            ["sts:TagSession", "sts:*"],
            True,
        ),
        ({"Service": "ecs.amazonaws.com"}, "sts:AssumeRole", False),
        ({"AWS": "arn:aws:iam::123456789012:root"}, "sts:AssumeRole", False),
        ("*", "sts:AssumeRole", False),
        ({"Service": "ecs-tasks.amazonaws.com"}, "sts:TagSession", False),
    ],
)
def test_a_role_trusts_tasks_or_not(principal, action, trusts):
    statement = {"Effect": "Allow", "Principal": principal, "Action": action}

    assert trusts_tasks({"Statement": statement}) is trusts


@pytest.mark.parametrize(
    ("image", "repository", "id_"),
    [
        (f"{REGISTRY}/hokusai/api", "hokusai/api", {"imageTag": "latest"}),
        (f"{REGISTRY}/api:1.2", "api", {"imageTag": "1.2"}),
        (
            f"{REGISTRY}/api:1@sha256:{'a' * 64}",
            "api",
            {"imageDigest": f"sha256:{'a' * 64}"},
        ),
    ],
)
def test_an_image_in_ecr_is_taken_apart(image, repository, id_):
    found = ecr_image(image)

    assert found is not None
    assert (found.account, found.region) == ("123456789012", "us-east-1")
    assert (found.repository, found.id) == (repository, id_)


@pytest.mark.parametrize(
    "image", ["hokusai/api:1", "public.ecr.aws/x/y:1", "ghcr.io/a"]
)
def test_other_images_are_not_in_ecr(image):
    assert ecr_image(image) is None


def test_a_bucket_is_named_once_wherever_it_is_used():
    spec = spec_of(
        environment={"A": "s3://one/x", "B": "s3://one", "C": "say s3://two/ and s3:"},
        connects=[{"bucket": "two"}, {"bucket": "three"}],
    )

    assert [*buckets(spec)] == [
        ("environment.A", "one"),
        ("environment.C", "two"),
        ("connects[1].bucket", "three"),
    ]


def test_the_path_of_a_role_is_no_part_of_its_name():
    assert role_name("arn:aws:iam::123456789012:role/service/x/task") == "task"
