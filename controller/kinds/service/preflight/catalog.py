"""The catalog of preflight checks; the table in the guide is generated from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from controller.core.planning.preflight import CheckPassed, Result
from controller.kinds.service.preflight.checks import (
    cluster,
    connections,
    data,
    image,
    network,
    roles,
    rollout,
    routes,
    secrets,
    target_groups,
)
from controller.kinds.service.preflight.facts import Facts
from controller.kinds.service.preflight.service_case import ServiceCase

if TYPE_CHECKING:
    from controller.kinds.service.spec.service import ServiceSpec


@dataclass(frozen=True, slots=True)
class Check:
    """One check of a prerequisite of a service.

    Attributes:
        name: Name of the check.
        condition: Condition that must hold, in a sentence.
        calls: AWS operations that the check reads.
        rule: Yields the findings.
    """

    name: str
    condition: str
    calls: str
    rule: Callable[[ServiceCase], Iterator[Result]]


CHECKS = (
    Check(
        "cluster",
        "The cluster exists.",
        "ecs:DescribeServices",
        cluster.exists,
    ),
    Check(
        "image",
        "The image is in ECR. An image name without a registry, which means Docker Hub, "
        "is a warning; images in other registries are not checked.",
        "ecr:BatchGetImage",
        image.exists,
    ),
    Check(
        "architecture",
        "The image is built for the CPU architecture of the task.",
        "ecr:GetDownloadUrlForLayer",
        image.fits,
    ),
    Check(
        "secrets",
        "Every referenced secret and parameter exists.",
        "secretsmanager:DescribeSecret, ssm:DescribeParameters",
        secrets.exist,
    ),
    Check(
        "secret keys",
        "Never checked: a JSON key is part of the value, and no value is read.",
        "",
        secrets.keys,
    ),
    Check(
        "roles",
        "The roles exist and trust `ecs-tasks.amazonaws.com`; an execution role is declared "
        "if one is needed.",
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
        "Subnets are declared; subnets and security groups exist in one VPC.",
        "ec2:DescribeSubnets, ec2:DescribeSecurityGroups",
        network.placed,
    ),
    Check(
        "connections",
        "Each connection target exists and listens on that port, and the security groups "
        "allow the connection.",
        "elasticache:DescribeCacheClusters, rds:DescribeDBInstances",
        connections.reachable,
    ),
    Check(
        "routes",
        "Before a service with routes is created: its load balancers, listeners and "
        "certificates exist and are managed, no live rule takes its requests, and the "
        "security groups allow the load balancer.",
        "elbv2:DescribeTargetGroups, elbv2:DescribeLoadBalancers, "
        "elbv2:DescribeListeners, elbv2:DescribeListenerCertificates, "
        "elbv2:DescribeRules, elbv2:DescribeTags, ec2:DescribeSecurityGroups",
        routes.served,
    ),
    Check(
        "target groups",
        "Unmanaged target groups, also those in AWS's own fields, are attached to a "
        "listener and match the port and the health check.",
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
        "Each database is PostgreSQL, available, backed up, and requires TLS.",
        "rds:DescribeDBParameters",
        data.databases,
    ),
    Check(
        "rollout",
        "The circuit breaker is on, and the deployment limits allow a task to be replaced.",
        "",
        rollout.ends,
    ),
    Check(
        "log group",
        "The log group of a running service exists.",
        "logs:DescribeLogGroups",
        rollout.logged,
    ),
)


def results_of(spec: ServiceSpec, facts: Facts) -> tuple[Result, ...]:
    """Return the results of all checks of one service."""
    return tuple(result for check in CHECKS for result in _checked(check, spec, facts))


def _checked(check: Check, spec: ServiceSpec, facts: Facts) -> tuple[Result, ...]:
    found = tuple(check.rule(ServiceCase(check.name, spec, facts)))
    return found or (CheckPassed(check.name),)


def reference() -> str:
    """Return the table of all checks in Markdown, for the guide."""
    lines = ["| check | condition | AWS operations |", "|---|---|---|"]
    for check in CHECKS:
        calls = ", ".join(f"`{call}`" for call in check.calls.split(", ") if call)
        calls = calls.replace("; else iam:", "`; else `iam:")
        lines.append(f"| {check.name} | {check.condition} | {calls or 'none'} |")
    return "\n".join(lines) + "\n"
