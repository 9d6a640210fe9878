"""Passed checks, warnings, and facts that could not be read."""

# ruff: noqa: ISC004 - each command is one string, however long

from dataclasses import replace

import pytest

from controller.core.planning.preflight import (
    CheckFinding,
    CheckPassed,
    CheckSkipped,
    CheckUnknown,
    Severity,
)
from controller.core.resources.observation import Absent, Present
from controller.kinds.service.preflight.catalog import CHECKS
from controller.kinds.service.preflight.facts import (
    DatabaseInstance,
    S3Bucket,
    SecurityGroup,
    SecurityGroupRule,
    Subnet,
    Unreadable,
)
from tests.builders.prerequisites import (
    BALANCER,
    ECR,
    EXECUTION,
    GROUP,
    GROUPS,
    OTHER_SUBNET,
    SPEC,
    SUBNET,
    SURE,
    TARGET,
    TARGETS,
    TASK,
    admits,
    all_facts,
    told,
)
from tests.fakes.surroundings import (
    DATABASE_GROUP,
    results,
)


def test_every_check_passes_except_the_one_that_is_never_made():
    found = results(SPEC, **SURE)

    assert [r for r in found if not isinstance(r, CheckPassed)] == [
        CheckSkipped("secret keys", "the values of DB_PASSWORD would have to be read"),
        CheckSkipped("routes", "the service exists; `diff` compares its routes"),
    ]
    assert [r.check for r in found] == [check.name for check in CHECKS]


WARNINGS = {
    "bucket without versions": (
        {"buckets": {"hokusai-artifacts": Present(S3Bucket(versioned=False))}},
        ("buckets", "aws s3api put-bucket-versioning --bucket hokusai-artifacts "
         "--versioning-configuration Status=Enabled --region us-east-1"),
    ),
    "database without backups": (
        {"databases": {"hokusai-db": Present(DatabaseInstance(backup_days=0,
                                                      groups=(DATABASE_GROUP,)))}},
        ("database", "aws rds modify-db-instance --db-instance-identifier hokusai-db "
         "--backup-retention-period 7 --apply-immediately --region us-east-1"),
    ),
    "database without TLS": (
        {"databases": {"hokusai-db": Present(DatabaseInstance(
            groups=(DATABASE_GROUP,), forces_tls="0", parameters="pg15"))}},
        ("database", "aws rds modify-db-parameter-group --db-parameter-group-name pg15 "
         "--parameters ParameterName=rds.force_ssl,ParameterValue=1,"
         "ApplyMethod=immediate --region us-east-1"),
    ),
    "log group is gone": (
        {"log_groups": {SPEC.log_group: Absent()}},
        ("log group", "aws logs create-log-group --log-group-name "
         "/ecs/hokusai-api-development --region us-east-1"),
    ),
    "group made for another port": (
        {"targets": {TARGETS: Present(replace(TARGET, port=80))}},
        ("target groups", "aws elbv2 describe-target-groups --target-group-arns "
         f"{TARGETS} --region us-east-1"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WARNINGS)
def test_a_risk_that_stops_no_deployment_is_a_warning(name):
    taken, expected = WARNINGS[name]

    (finding,) = [r for r in told(**taken) if isinstance(r, CheckFinding)]

    assert finding.severity is Severity.WARNS
    assert (finding.check, finding.command) == expected


def test_subnets_and_groups_in_different_vpcs_are_a_finding():
    subnets = {
        SUBNET: Present(Subnet("vpc-1", "a", "10.0.0.0/24")),
        OTHER_SUBNET: Present(Subnet("vpc-2", "b", "10.0.1.0/24")),
    }

    (finding,) = [r for r in told(subnets=subnets) if isinstance(r, CheckFinding)]

    assert "different VPCs (vpc-1, vpc-2)" in finding.message


def test_a_security_group_without_egress_is_a_finding():
    closed = SecurityGroup(
        "vpc-1", (SecurityGroupRule(groups=frozenset({GROUP})),), egress=()
    )

    found = told(groups={**GROUPS, GROUP: Present(closed)})

    messages = [r.message for r in found if isinstance(r, CheckFinding)]
    assert len(messages) == 3
    assert messages[0] == (
        "Security group sg-0a does not allow egress to Redis hokusai-redis:6379."
    )


@pytest.mark.parametrize(
    "field",
    ["images", "secrets", "parameters", "roles", "reach", "subnets", "groups",
     "buckets", "caches", "databases", "targets", "listening", "live"],
)  # fmt: skip
@pytest.mark.parametrize("temporary", [True, False], ids=["temporary", "refused"])
def test_an_unreadable_fact_is_neither_missing_nor_passed(field, temporary):
    keys = {
        "images": ECR, "secrets": "hokusai/app", "parameters": "/hokusai/redis",
        "roles": TASK, "reach": (TASK, "hokusai-artifacts"), "subnets": SUBNET,
        "groups": GROUP, "buckets": "hokusai-artifacts", "caches": "hokusai-redis",
        "databases": "hokusai-db", "targets": TARGETS, "listening": BALANCER,
        "live": SPEC.name,
    }  # fmt: skip
    well = {**SURE}
    whole = {
        **getattr(all_facts(), field),
        keys[field]: Unreadable("Denied.", temporary),
    }
    well[field] = whole

    found = results(SPEC, **well)

    assert not [r for r in found if isinstance(r, CheckFinding)]
    unseen = [r for r in found if isinstance(r, CheckUnknown)]
    assert unseen
    assert {(r.reason, r.temporary) for r in unseen} == {("Denied.", temporary)}


def test_all_findings_are_reported_at_once():
    found = told(
        images={ECR: Absent()},
        parameters={"/hokusai/redis": Absent()},
        secrets={"hokusai/app": Absent()},
        roles={EXECUTION: Absent(), TASK: Absent()},
        subnets={SUBNET: Absent(), OTHER_SUBNET: Absent()},
        buckets={"hokusai-artifacts": Absent()},
        caches={"hokusai-redis": Absent()},
        databases={"hokusai-db": Absent()},
    )

    assert len([r for r in found if isinstance(r, CheckFinding)]) == 10


def test_a_managed_target_group_is_skipped():
    targets = {TARGETS: Present(replace(TARGET, managed=True, path="/x"))}

    assert [r.check for r in told(targets=targets)] == [
        "secret keys",
        "routes",
        "target groups",
    ]


def test_a_prefix_list_is_not_evaluated():
    found = told(groups=admits(SecurityGroupRule(lists=("pl-1",))))

    (skipped,) = [r for r in found if r.check == "connections"]
    assert isinstance(skipped, CheckSkipped)
