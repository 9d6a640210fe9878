"""What each check says: nothing if all is well, and of each thing that is not."""

# ruff: noqa: ISC004 - each command is one string, however long

import shlex
from dataclasses import replace

import pytest

from controller.core.observation import Absent, Present
from controller.core.preflight import Finding, Passed, Severity, Skipped, Unseen
from controller.core.resource import ResourceId
from controller.kinds.service.preflight.checks import CHECKS
from controller.kinds.service.preflight.facts import (
    Bucket,
    Cache,
    Database,
    Group,
    Hidden,
    Image,
    Live,
    Permission,
    Role,
    Secret,
    Subnet,
    TargetGroup,
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
    GROUP: Present(Group("vpc-1", (Permission(groups=frozenset({GROUP})),))),
    REDIS_GROUP: Present(Group("vpc-1", (Permission(groups=frozenset({GROUP})),))),
    DATABASE_GROUP: Present(Group("vpc-1", (Permission(ranges=("10.0.0.0/16",)),))),
}
SURE = {
    "services": SERVICES,
    "live": {SPEC.name: Present(Live(1, ((TARGETS, 8001),)))},
    "log_groups": {SPEC.log_group: Present(True)},
    "targets": {
        TARGETS: Present(TargetGroup(8001, path="/health", balancers=(BALANCER,)))
    },
    "listening": {BALANCER: Present(frozenset({80, 443}))},
    "groups": GROUPS,
}
TARGET = TargetGroup(8001, path="/health", balancers=(BALANCER,))


def told(**taken):
    """Return the findings if something is not as it was."""
    return [r for r in results(SPEC, **SURE | taken) if not isinstance(r, Passed)]


def test_all_is_well_and_what_nobody_looks_at_is_said():
    found = results(SPEC, **SURE)

    assert [r for r in found if not isinstance(r, Passed)] == [
        Skipped("secret keys", "it would take the values of DB_PASSWORD")
    ]
    assert [r.check for r in found] == [check.name for check in CHECKS]


def admits(*permissions):
    return {**GROUPS, REDIS_GROUP: Present(Group("vpc-1", permissions))}


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
    "image for another processor": (
        {"images": {ECR: Present(Image(frozenset({"ARM64"})))}},
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
        {"secrets": {"hokusai/app": Present(Secret(doomed=True))}},
        ("secrets", "secrets.DB_PASSWORD", "scheduled for deletion",
         "aws secretsmanager restore-secret --secret-id hokusai/app "
         "--region us-east-1"),
    ),
    "role is gone": (
        {"roles": {EXECUTION: Absent(), TASK: Present(Role())}},
        ("roles", "roles.execution", "execution does not exist",
         "aws iam create-role --role-name execution --assume-role-policy-document "),
    ),
    "role trusts others": (
        {"roles": {EXECUTION: Present(Role()), TASK: Present(Role(trusts_tasks=False))}},
        ("roles", "roles.task", "does not trust ecs-tasks.amazonaws.com",
         "aws iam update-assume-role-policy --role-name task --policy-document "),
    ),
    "bucket out of reach": (
        {"reach": {(TASK, "hokusai-artifacts"): Present(("s3:PutObject",))}},
        ("bucket access", "environment.DEFAULT_ARTIFACT_ROOT", "may not s3:PutObject",
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
    "redis admits the old task": (
        {"groups": admits(Permission(groups=frozenset({"sg-01d"})))},
        ("connections", "connects[0].redis", "does not admit sg-0a on port 6379",
         "aws ec2 authorize-security-group-ingress --group-id sg-00000001 --protocol "
         "tcp --port 6379 --source-group sg-0a --region us-east-1"),
    ),
    "redis admits another port": (
        {"groups": admits(Permission(ports=(80, 81), groups=frozenset({GROUP})))},
        ("connections", "connects[0].redis", "does not admit", "aws ec2 authorize"),
    ),
    "redis admits one subnet": (
        {"groups": admits(Permission(ranges=("10.0.0.0/24",)))},
        ("connections", "connects[0].redis", "does not admit", "aws ec2 authorize"),
    ),
    "redis speaks udp": (
        {"groups": admits(Permission("udp", ranges=("0.0.0.0/0",)))},
        ("connections", "connects[0].redis", "does not admit", "aws ec2 authorize"),
    ),
    "redis on another port": (
        {"caches": {"hokusai-redis": Present(Cache(6380, (REDIS_GROUP,)))},
         "groups": admits(Permission(ports=(1, 9), ranges=("10.0.0.0/8",)),
                          Permission(ranges=("10.0.0.0/8",)))},
        None,
    ),
    "database on another port": (
        {"databases": {"hokusai-db": Present(Database(port=5433,
                                                      groups=(DATABASE_GROUP,)))}},
        ("connections", "connects[1].database", "listens on 5433, not on 5432",
         "aws rds describe-db-instances --region us-east-1"),
    ),
    "database of another kind": (
        {"databases": {"hokusai-db": Present(Database("mysql",
                                                      groups=(DATABASE_GROUP,)))}},
        ("database", "connects[1].database", "is mysql, not PostgreSQL",
         "aws rds describe-db-instances --db-instance-identifier hokusai-db "
         "--region us-east-1"),
    ),
    "database is stopped": (
        {"databases": {"hokusai-db": Present(Database(status="stopped",
                                                      groups=(DATABASE_GROUP,)))}},
        ("database", "connects[1].database", "is stopped",
         "aws rds start-db-instance --db-instance-identifier hokusai-db "
         "--region us-east-1"),
    ),
    "target group is gone": (
        {"targets": {TARGETS: Absent()}},
        ("target groups", "routes", "reg-api does not exist", "aws elbv2 "),
    ),
    "no listener leads to it": (
        {"targets": {TARGETS: Present(replace(TARGET, balancers=()))}},
        ("target groups", "routes", "No listener leads to target group reg-api",
         "aws elbv2 create-rule --listener-arn "),
    ),
    "nobody listens on 443": (
        {"listening": {BALANCER: Present(frozenset({80}))}},
        ("target groups", "routes[0].listeners", "does not listen on 443",
         "aws elbv2 describe-listeners --load-balancer-arn "),
    ),
    "another port is registered": (
        {"live": {SPEC.name: Present(Live(1, ((TARGETS, 8000),)))}},
        ("target groups", "port", "registers port 8000 with reg-api",
         "aws elbv2 describe-target-groups --target-group-arns "),
    ),
    "targets by instance": (
        {"targets": {TARGETS: Present(replace(TARGET, type="instance"))}},
        ("target groups", "routes", "takes targets by instance", "aws elbv2 "),
    ),
    "another protocol": (
        {"targets": {TARGETS: Present(replace(TARGET, protocol="TCP"))}},
        ("target groups", "routes", "speaks TCP", "aws elbv2 "),
    ),
    "another health path": (
        {"targets": {TARGETS: Present(replace(TARGET, path="/mlflow"))}},
        ("target groups", "health.path", "asks for /mlflow",
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
def test_what_is_wrong_is_told_with_the_command_that_mends_it(name):
    taken, expected = CASES[name]

    found = [r for r in told(**taken) if isinstance(r, Finding)]

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


WARNINGS = {
    "bucket without versions": (
        {"buckets": {"hokusai-artifacts": Present(Bucket(versioned=False))}},
        ("buckets", "aws s3api put-bucket-versioning --bucket hokusai-artifacts "
         "--versioning-configuration Status=Enabled --region us-east-1"),
    ),
    "database without backups": (
        {"databases": {"hokusai-db": Present(Database(backup_days=0,
                                                      groups=(DATABASE_GROUP,)))}},
        ("database", "aws rds modify-db-instance --db-instance-identifier hokusai-db "
         "--backup-retention-period 7 --apply-immediately --region us-east-1"),
    ),
    "database without TLS": (
        {"databases": {"hokusai-db": Present(Database(
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
def test_what_would_hurt_later_is_a_warning(name):
    taken, expected = WARNINGS[name]

    (finding,) = [r for r in told(**taken) if isinstance(r, Finding)]

    assert finding.severity is Severity.WARNS
    assert (finding.check, finding.command) == expected


def test_what_is_in_several_networks_is_refused():
    subnets = {
        SUBNET: Present(Subnet("vpc-1", "a", "10.0.0.0/24")),
        OTHER_SUBNET: Present(Subnet("vpc-2", "b", "10.0.1.0/24")),
    }

    (finding,) = [r for r in told(subnets=subnets) if isinstance(r, Finding)]

    assert "several networks (vpc-1, vpc-2)" in finding.message


def test_what_lets_nothing_out_is_told():
    closed = Group("vpc-1", (Permission(groups=frozenset({GROUP})),), egress=())

    found = told(groups={**GROUPS, GROUP: Present(closed)})

    messages = [r.message for r in found if isinstance(r, Finding)]
    assert len(messages) == 3
    assert messages[0] == (
        "Security group sg-0a lets nothing out to Redis hokusai-redis:6379."
    )


@pytest.mark.parametrize(
    "field",
    ["images", "secrets", "parameters", "roles", "reach", "subnets", "groups",
     "buckets", "caches", "databases", "targets", "listening", "live"],
)  # fmt: skip
@pytest.mark.parametrize("passing", [True, False], ids=["passing", "refused"])
def test_what_could_not_be_looked_at_is_neither_missing_nor_well(field, passing):
    keys = {
        "images": ECR, "secrets": "hokusai/app", "parameters": "/hokusai/redis",
        "roles": TASK, "reach": (TASK, "hokusai-artifacts"), "subnets": SUBNET,
        "groups": GROUP, "buckets": "hokusai-artifacts", "caches": "hokusai-redis",
        "databases": "hokusai-db", "targets": TARGETS, "listening": BALANCER,
        "live": SPEC.name,
    }  # fmt: skip
    well = {**SURE}
    whole = {**getattr(all_facts(), field), keys[field]: Hidden("Denied.", passing)}
    well[field] = whole

    found = results(SPEC, **well)

    assert not [r for r in found if isinstance(r, Finding)]
    unseen = [r for r in found if isinstance(r, Unseen)]
    assert unseen
    assert {(r.why, r.passing) for r in unseen} == {("Denied.", passing)}


def all_facts():
    return replace(all_well(SPEC), **SURE)


def test_everything_that_is_wrong_is_found_in_one_look():
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

    assert len([r for r in found if isinstance(r, Finding)]) == 10


def bare(**fields):
    """Return what is said of a service in subnets, with a role and no more."""
    placed = {"network": {"subnets": [SUBNET]}, "roles": {"execution": EXECUTION}}
    return results(spec_of(**placed | fields))


@pytest.mark.parametrize("image", ["hokusai/api:1", "api", "nginx@sha256:" + "a" * 64])
def test_a_name_without_a_registry_is_told_to_be_docker_hubs(image):
    (found,) = [r for r in bare(image=image) if isinstance(r, Finding)]

    host = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
    assert (found.check, found.severity) == ("image", Severity.WARNS)
    assert f"Docker Hub, not from this account's ECR: write {host}/{image}," in (
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
def test_a_registry_that_is_named_is_no_surprise(fields):
    assert not [r for r in bare(**fields) if isinstance(r, Finding)]


def test_an_image_on_this_machine_is_no_surprise_either():
    spec = spec_of(network={"subnets": [SUBNET]})
    spec = spec.model_copy(update={"owner": "hokusai/local"})

    assert not [r for r in results(spec) if isinstance(r, Finding)]


def test_a_service_that_rests_on_nothing_is_told_what_was_not_looked_at():
    found = bare(image="docker.io/hokusai/api:1")

    skipped = {r.check: r.why for r in found if isinstance(r, Skipped)}
    assert skipped["image"] == "docker.io/hokusai/api:1 is not in ECR"
    assert skipped["log group"] == "it is made together with the service"
    passed = [r.check for r in found if isinstance(r, Passed)]
    assert passed == ["cluster", "roles", "network", "rollout"]


def of_check(check, **fields):
    return [r for r in bare(**fields) if r.check == check]


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
        "needs one to read DB_PASSWORD: make",
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
    ids=["an instance has its own", "in AWS's words"],
)
def test_no_execution_role_is_asked_for_where_ecs_asks_for_none(task):
    found = of_check("roles", roles={}, task=task)

    assert found == [Skipped("roles", "it declares none")]


def test_missing_subnets_block():
    (found,) = of_check("network", network={})

    assert (found.severity, found.path) == (Severity.BLOCKS, "network.subnets")
    assert found.command.startswith("aws ec2 describe-subnets --query ")


def test_tasks_without_addresses_of_their_own_need_no_subnets():
    task = {"networkMode": "bridge", "requiresCompatibilities": ["EC2"]}

    (found,) = of_check("network", network={}, task=task)

    assert found == Skipped("network", "its tasks need no subnets of its own")


def test_subnets_may_be_declared_in_awss_words():
    placed = {"awsvpcConfiguration": {"subnets": [SUBNET]}}

    found = of_check("network", network={}, service={"networkConfiguration": placed})

    assert not any(isinstance(result, Finding) for result in found)


def test_an_open_circuit_breaker_and_no_room_are_warnings():
    deployment = {"circuit_breaker": False, "maximum_percent": 150}

    told = bare(deployment=deployment, image="docker.io/hokusai/api:1")
    found = [r for r in told if isinstance(r, Finding)]

    assert [r.path for r in found] == ["deployment", "deployment.circuit_breaker"]
    assert "of 1, at least 1 must run and at most 1 may" in found[0].message


def test_a_target_group_of_ours_is_left_to_whoever_keeps_it():
    targets = {TARGETS: Present(replace(TARGET, ours=True, path="/x"))}

    assert [r.check for r in told(targets=targets)] == ["secret keys", "target groups"]


def test_a_prefix_list_is_not_looked_into():
    found = told(groups=admits(Permission(lists=("pl-1",))))

    (skipped,) = [r for r in found if r.check == "connections"]
    assert isinstance(skipped, Skipped)


def test_a_role_of_another_account_is_not_looked_up():
    elsewhere = "arn:aws:iam::210987654321:role/execution"

    found = bare(roles={"execution": elsewhere})

    assert Skipped("roles", f"{elsewhere} is in another account") in found
