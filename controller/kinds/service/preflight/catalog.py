"""Every check there is; the guide's table is made of this one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from controller.core.planning.preflight import CheckPassed, Result
from controller.kinds.service.preflight.case import ServiceCase
from controller.kinds.service.preflight.checks import (
    cluster,
    connections,
    data,
    image,
    network,
    roles,
    rollout,
    secrets,
    target_groups,
)
from controller.kinds.service.preflight.facts import Facts

if TYPE_CHECKING:
    from controller.kinds.service.spec.service import ServiceSpec


@dataclass(frozen=True, slots=True)
class Check:
    """One question about what a service rests on.

    Attributes:
        name: In a word or two.
        asks: What must be so, in a sentence.
        calls: What AWS is asked.
        rule: Yields whatever is not so.
    """

    name: str
    asks: str
    calls: str
    rule: Callable[[ServiceCase], Iterator[Result]]


CHECKS = (
    Check(
        "cluster",
        "The cluster exists.",
        "ecs:DescribeServices",
        cluster.there,
    ),
    Check(
        "image",
        "The image is in ECR. A name without a registry is Docker Hub's, which is told; "
        "others are not looked up.",
        "ecr:BatchGetImage",
        image.exists,
    ),
    Check(
        "architecture",
        "The image is built for the task's processor.",
        "ecr:GetDownloadUrlForLayer",
        image.fits,
    ),
    Check(
        "secrets",
        "Every reference leads to a secret or a parameter.",
        "secretsmanager:DescribeSecret, ssm:DescribeParameters",
        secrets.exist,
    ),
    Check(
        "secret keys",
        "Never looked at: a JSON key shows only in the value, and none is read.",
        "",
        secrets.keys,
    ),
    Check(
        "roles",
        "The roles exist and trust `ecs-tasks.amazonaws.com`; there is one to start tasks.",
        "iam:GetRole",
        roles.trusted,
    ),
    Check(
        "bucket access",
        "The task role may list, read and write each bucket.",
        "iam:SimulatePrincipalPolicy; else iam:ListAttachedRolePolicies, iam:GetPolicy, "
        "iam:GetPolicyVersion, iam:ListRolePolicies, iam:GetRolePolicy",
        roles.reach_buckets,
    ),
    Check(
        "network",
        "There are subnets; they and security groups exist, all in one VPC.",
        "ec2:DescribeSubnets, ec2:DescribeSecurityGroups",
        network.placed,
    ),
    Check(
        "connections",
        "What it connects to exists, on that port, and security groups let it through.",
        "elasticache:DescribeCacheClusters, rds:DescribeDBInstances",
        connections.reachable,
    ),
    Check(
        "target groups",
        "Those of others are on a listener, and fit the port and the health path.",
        "ecs:DescribeServices, elbv2:DescribeTargetGroups, elbv2:DescribeTags, "
        "elbv2:DescribeListeners",
        target_groups.fit,
    ),
    Check(
        "buckets",
        "Each bucket exists and is versioned.",
        "s3:HeadBucket, s3:GetBucketVersioning",
        data.keep_objects,
    ),
    Check(
        "database",
        "It is PostgreSQL, runs, is backed up and forces TLS.",
        "rds:DescribeDBParameters",
        data.databases,
    ),
    Check(
        "rollout",
        "The circuit breaker is on, and there is room to replace a task.",
        "",
        rollout.ends,
    ),
    Check(
        "log group",
        "That of a service that runs is still there.",
        "logs:DescribeLogGroups",
        rollout.logged,
    ),
)


def results_of(spec: ServiceSpec, facts: Facts) -> tuple[Result, ...]:
    """Return what every check says of one service."""
    return tuple(result for check in CHECKS for result in _checked(check, spec, facts))


def _checked(check: Check, spec: ServiceSpec, facts: Facts) -> tuple[Result, ...]:
    found = tuple(check.rule(ServiceCase(check.name, spec, facts)))
    return found or (CheckPassed(check.name),)


def reference() -> str:
    """Return the table of all checks, in Markdown, as the guide has it."""
    lines = ["| check | what must be so | what is asked |", "|---|---|---|"]
    for check in CHECKS:
        calls = ", ".join(f"`{call}`" for call in check.calls.split(", ") if call)
        calls = calls.replace("; else iam:", "`; else `iam:")
        lines.append(f"| {check.name} | {check.asks} | {calls or 'nothing'} |")
    return "\n".join(lines) + "\n"
