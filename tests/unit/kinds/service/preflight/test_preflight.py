"""Findings of each check, with the command that fixes them."""

# ruff: noqa: ISC004 - each command is one string, however long

import shlex
from dataclasses import replace

import pytest

from controller.core.planning.preflight import CheckFinding, Severity
from controller.core.resources.observation import Absent, Present
from controller.kinds.service.preflight.facts import (
    DatabaseInstance,
    IamRole,
    RedisCache,
    RegistryImage,
    RunningService,
    SecurityGroupRule,
    StoredSecret,
)
from tests.builders.prerequisites import (
    BALANCER,
    ECR,
    EXECUTION,
    GROUP,
    GROUPS,
    SPEC,
    TARGET,
    TARGETS,
    TASK,
    admits,
    told,
)
from tests.fakes.surroundings import (
    DATABASE_GROUP,
    REDIS_GROUP,
)

CASES = {
    "cluster is gone": (
        {"clusters": {SPEC.cluster: Absent()}},
        ("cluster", "cluster", "hokusai-development does not exist",
         "aws ecs create-cluster --cluster-name hokusai-development "
         "--region us-east-1"),
    ),
    "image is gone": (
        {"images": {ECR: Absent()}},
        ("image", "image", "is not in ECR", "aws ecr describe-images "),
    ),
    "image for another architecture": (
        {"images": {ECR: Present(RegistryImage(frozenset({"ARM64"})))}},
        ("architecture", "architecture", "built for ARM64", "aws ecr describe-images"),
    ),
    "parameter is gone": (
        {"parameters": {"/hokusai/redis": Absent()}},
        ("secrets", "secrets.REDIS_HOST", "/hokusai/redis does not exist",
         "aws ssm put-parameter --name /hokusai/redis --type SecureString "
         "--value file://value.txt --region us-east-1"),
    ),
    "secret is gone": (
        {"secrets": {"hokusai/app": Absent()}},
        ("secrets", "secrets.DB_PASSWORD", "hokusai/app does not exist",
         "aws secretsmanager create-secret --name hokusai/app "
         "--secret-string file://value.txt --region us-east-1"),
    ),
    "secret is going": (
        {"secrets": {"hokusai/app": Present(StoredSecret(scheduled_for_deletion=True))}},
        ("secrets", "secrets.DB_PASSWORD", "scheduled for deletion",
         "aws secretsmanager restore-secret --secret-id hokusai/app "
         "--region us-east-1"),
    ),
    "role is gone": (
        {"roles": {EXECUTION: Absent(), TASK: Present(IamRole())}},
        ("roles", "roles.execution", "execution does not exist",
         "aws iam create-role --role-name execution --assume-role-policy-document "),
    ),
    "role trusts others": (
        {"roles": {EXECUTION: Present(IamRole()), TASK: Present(IamRole(trusts_tasks=False))}},
        ("roles", "roles.task", "does not trust ecs-tasks.amazonaws.com",
         "aws iam update-assume-role-policy --role-name task --policy-document "),
    ),
    "bucket out of reach": (
        {"reach": {(TASK, "hokusai-artifacts"): Present(("s3:PutObject",))}},
        ("bucket access", "environment.DEFAULT_ARTIFACT_ROOT", "is not allowed s3:PutObject",
         "aws iam put-role-policy --role-name task --policy-name "
         "bucket-hokusai-artifacts --policy-document "),
    ),
    "bucket is gone": (
        {"buckets": {"hokusai-artifacts": Absent()}},
        ("buckets", "environment.DEFAULT_ARTIFACT_ROOT", "does not exist",
         "aws s3api create-bucket --bucket hokusai-artifacts --region us-east-1"),
    ),
    "group is gone": (
        {"groups": {**GROUPS, GROUP: Absent()}},
        ("network", "network.security_groups", "sg-0a does not exist",
         "aws ec2 describe-security-groups"),
    ),
    "redis is gone": (
        {"caches": {"hokusai-redis": Absent()}},
        ("connections", "connects[0].redis", "Redis hokusai-redis does not exist",
         "aws elasticache describe-cache-clusters --region us-east-1"),
    ),
    "redis allows the old task": (
        {"groups": admits(SecurityGroupRule(groups=frozenset({"sg-01d"})))},
        ("connections", "connects[0].redis", "does not allow sg-0a on port 6379",
         "aws ec2 authorize-security-group-ingress --group-id sg-00000001 --protocol "
         "tcp --port 6379 --source-group sg-0a --region us-east-1"),
    ),
    "redis allows another port": (
        {"groups": admits(SecurityGroupRule(ports=(80, 81), groups=frozenset({GROUP})))},
        ("connections", "connects[0].redis", "does not allow", "aws ec2 authorize"),
    ),
    "redis allows one subnet": (
        {"groups": admits(SecurityGroupRule(ranges=("10.0.0.0/24",)))},
        ("connections", "connects[0].redis", "does not allow", "aws ec2 authorize"),
    ),
    "redis allows udp": (
        {"groups": admits(SecurityGroupRule("udp", ranges=("0.0.0.0/0",)))},
        ("connections", "connects[0].redis", "does not allow", "aws ec2 authorize"),
    ),
    "redis on another port": (
        {"caches": {"hokusai-redis": Present(RedisCache(6380, (REDIS_GROUP,)))},
         "groups": admits(SecurityGroupRule(ports=(1, 9), ranges=("10.0.0.0/8",)),
                          SecurityGroupRule(ranges=("10.0.0.0/8",)))},
        None,
    ),
    "database on another port": (
        {"databases": {"hokusai-db": Present(DatabaseInstance(port=5433,
                                                      groups=(DATABASE_GROUP,)))}},
        ("connections", "connects[1].database", "listens on 5433, not on 5432",
         "aws rds describe-db-instances --region us-east-1"),
    ),
    "database of another kind": (
        {"databases": {"hokusai-db": Present(DatabaseInstance("mysql",
                                                      groups=(DATABASE_GROUP,)))}},
        ("database", "connects[1].database", "is mysql, not PostgreSQL",
         "aws rds describe-db-instances --db-instance-identifier hokusai-db "
         "--region us-east-1"),
    ),
    "database is stopped": (
        {"databases": {"hokusai-db": Present(DatabaseInstance(status="stopped",
                                                      groups=(DATABASE_GROUP,)))}},
        ("database", "connects[1].database", "is stopped",
         "aws rds start-db-instance --db-instance-identifier hokusai-db "
         "--region us-east-1"),
    ),
    "target group is gone": (
        {"targets": {TARGETS: Absent()}},
        ("target groups", "routes", "reg-api does not exist", "aws elbv2 "),
    ),
    "no listener forwards to it": (
        {"targets": {TARGETS: Present(replace(TARGET, balancers=()))}},
        ("target groups", "routes", "No listener forwards to target group reg-api",
         "aws elbv2 create-rule --listener-arn "),
    ),
    "no listener on 443": (
        {"listening": {BALANCER: Present(frozenset({80}))}},
        ("target groups", "routes[0].listeners", "does not listen on 443",
         "aws elbv2 describe-listeners --load-balancer-arn "),
    ),
    "another port is registered": (
        {"live": {SPEC.name: Present(RunningService(1, ((TARGETS, 8000),)))}},
        ("target groups", "port", "registers port 8000 with reg-api",
         "aws elbv2 describe-target-groups --target-group-arns "),
    ),
    "targets by instance": (
        {"targets": {TARGETS: Present(replace(TARGET, type="instance"))}},
        ("target groups", "routes", "has target type instance", "aws elbv2 "),
    ),
    "another protocol": (
        {"targets": {TARGETS: Present(replace(TARGET, protocol="TCP"))}},
        ("target groups", "routes", "uses TCP", "aws elbv2 "),
    ),
    "another health path": (
        {"targets": {TARGETS: Present(replace(TARGET, path="/mlflow"))}},
        ("target groups", "health.path", "checks /mlflow",
         f"aws elbv2 modify-target-group --target-group-arn {TARGETS} "
         "--health-check-path /health --region us-east-1"),
    ),
    "another health port": (
        {"targets": {TARGETS: Present(replace(TARGET, health_port="8000"))}},
        ("target groups", "health", "checks port 8000",
         f"aws elbv2 modify-target-group --target-group-arn {TARGETS} "
         "--health-check-port traffic-port --region us-east-1"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_finding_has_the_command_that_fixes_it(name):
    taken, expected = CASES[name]

    found = [r for r in told(**taken) if isinstance(r, CheckFinding)]

    if expected is None:
        assert found == []
        return
    check, path, part, command = expected
    (finding,) = found
    assert (finding.check, finding.severity, finding.path) == (
        check,
        Severity.BLOCKS,
        path,
    )
    assert part in finding.message
    assert finding.command.startswith(command)
    assert shlex.split(finding.command)[0] == "aws"


def test_a_parameter_that_an_endpoint_publishes_is_not_to_be_created_by_hand():
    taken = {
        "parameters": {"/hokusai/redis": Absent()},
        "published": frozenset({"/hokusai/redis"}),
    }

    (finding,) = (r for r in told(**taken) if isinstance(r, CheckFinding))

    assert (finding.path, finding.command) == ("secrets.REDIS_HOST", "")
    assert "An endpoint publishes it" in finding.message
