"""Prerequisites of tasks other than the network: roles, images in ECR, buckets."""

import json
from collections.abc import Iterable
from contextlib import suppress

from controller.core.dependencies import Aws
from controller.core.errors import ConflictError

_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
_POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
}
_EITHER = ("amd64", "arm64")
_INDEX = "application/vnd.oci.image.index.v1+json"


def create_role(aws: Aws, name: str) -> None:
    """Create a role that tasks can assume, with access to every bucket."""
    try:
        aws.call(
            "iam",
            "CreateRole",
            RoleName=name,
            AssumeRolePolicyDocument=json.dumps(_TRUST),
        )
    except ConflictError:
        return
    aws.call(
        "iam",
        "PutRolePolicy",
        RoleName=name,
        PolicyName="buckets",
        PolicyDocument=json.dumps(_POLICY),
    )


def create_image(
    aws: Aws, repository: str, tag: str, architectures: Iterable[str] = _EITHER
) -> None:
    """Create an image in ECR without layers; the platform runs a command instead."""
    with suppress(ConflictError):
        aws.call("ecr", "CreateRepository", repositoryName=repository)
    parts = [{"platform": {"architecture": a, "os": "linux"}} for a in architectures]
    manifest = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": parts}
    aws.call(
        "ecr",
        "PutImage",
        repositoryName=repository,
        imageManifest=json.dumps(manifest),
        imageManifestMediaType=_INDEX,
        imageTag=tag,
    )


def create_bucket(aws: Aws, name: str, region: str) -> None:
    """Create a bucket with versioning."""
    where = {} if region == "us-east-1" else {"LocationConstraint": region}
    more = {"CreateBucketConfiguration": where} if where else {}
    aws.call("s3", "CreateBucket", Bucket=name, **more)
    aws.call(
        "s3",
        "PutBucketVersioning",
        Bucket=name,
        VersioningConfiguration={"Status": "Enabled"},
    )
