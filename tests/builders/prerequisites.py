"""A service for which all is well, and what is said once something is not."""

from dataclasses import replace

from controller.core.document.resource import ResourceId
from controller.core.planning.preflight import CheckPassed
from controller.core.resources.observation import Present
from controller.kinds.service.preflight.facts import (
    RegisteredTargetGroup,
    RunningService,
    SecurityGroup,
    SecurityGroupRule,
)
from tests.fakes.surroundings import (
    DATABASE_GROUP,
    REDIS_GROUP,
    all_well,
    results,
    spec_of,
)

ECR = "123456789012.dkr.ecr.us-east-1.amazonaws.com/hokusai/api:1"
ROLES = "arn:aws:iam::123456789012:role"
EXECUTION, TASK = f"{ROLES}/execution", f"{ROLES}/path/task"
SUBNET, OTHER_SUBNET, GROUP = "subnet-0a", "subnet-0b", "sg-0a"
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/a/1"
TARGETS = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/reg-api/2"
SPEC = spec_of(
    image=ECR,
    port=8001,
    roles={"execution": EXECUTION, "task": TASK},
    network={"subnets": [SUBNET, OTHER_SUBNET], "security_groups": [GROUP]},
    secrets={
        "DB_PASSWORD": {"secretsmanager": "hokusai/app:database_password"},
        "REDIS_HOST": {"ssm": "/hokusai/redis"},
    },
    environment={"DEFAULT_ARTIFACT_ROOT": "s3://hokusai-artifacts/artifacts"},
    health={"path": "/health"},
    routes=[{"host": "api.hokus.ai"}],
    connects=[
        {"redis": "hokusai-redis"},
        {"database": "hokusai-db", "port": 5432},
        {"to": "service/mlflow"},
    ],
)
MLFLOW = ResourceId("service", "mlflow")
SERVICES = {MLFLOW: spec_of(port=5000, network={"security_groups": [GROUP]})}
GROUPS = {
    GROUP: Present(
        SecurityGroup("vpc-1", (SecurityGroupRule(groups=frozenset({GROUP})),))
    ),
    REDIS_GROUP: Present(
        SecurityGroup("vpc-1", (SecurityGroupRule(groups=frozenset({GROUP})),))
    ),
    DATABASE_GROUP: Present(
        SecurityGroup("vpc-1", (SecurityGroupRule(ranges=("10.0.0.0/16",)),))
    ),
}
SURE = {
    "services": SERVICES,
    "live": {SPEC.name: Present(RunningService(1, ((TARGETS, 8001),)))},
    "log_groups": {SPEC.log_group: Present(True)},
    "targets": {
        TARGETS: Present(
            RegisteredTargetGroup(8001, path="/health", balancers=(BALANCER,))
        )
    },
    "listening": {BALANCER: Present(frozenset({80, 443}))},
    "groups": GROUPS,
}
TARGET = RegisteredTargetGroup(8001, path="/health", balancers=(BALANCER,))


def told(**taken):
    """Return the findings if something is not as it was."""
    return [r for r in results(SPEC, **SURE | taken) if not isinstance(r, CheckPassed)]


def admits(*permissions):
    return {**GROUPS, REDIS_GROUP: Present(SecurityGroup("vpc-1", permissions))}


def all_facts():
    return replace(all_well(SPEC), **SURE)


def bare(**fields):
    """Return what is said of a service in subnets, with a role and no more."""
    placed = {"network": {"subnets": [SUBNET]}, "roles": {"execution": EXECUTION}}
    return results(spec_of(**placed | fields))


def of_check(check, **fields):
    return [r for r in bare(**fields) if r.check == check]
