"""AWS CLI commands that fix findings, ready to be pasted."""

import json
import shlex
from collections.abc import Mapping
from typing import Any, TypeAlias

Policy: TypeAlias = Mapping[str, Any]
TRUST: Policy = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def aws(region: str, *words: str) -> str:
    """Return ``aws …`` for one region; pass "" for services without regions."""
    where = ("--region", region) if region else ()
    return shlex.join(("aws", *words, *where))


def document(value: Policy) -> str:
    """Return a policy document on one line."""
    return json.dumps(value, separators=(",", ":"))


def bucket_policy(bucket: str) -> Policy:
    """Return the policy that allows a role to list, read and write ``bucket``."""
    arn = f"arn:aws:s3:::{bucket}"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": arn},
            {
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
                "Resource": f"{arn}/*",
            },
        ],
    }
