"""Checks of the roles of a task: existence, trust, and access to buckets."""

from collections.abc import Iterator

from controller.core.planning.preflight import CheckSkipped, Result
from controller.kinds.service.preflight.commands import (
    TRUST,
    Policy,
    aws,
    bucket_policy,
    document,
)
from controller.kinds.service.preflight.requirements import needs_execution_role
from controller.kinds.service.preflight.service_case import ServiceCase, of, state
from controller.kinds.service.spec.aws_names import (
    account_of,
    buckets,
    role_name,
    roles,
)

# Pulls from ECR and writes logs; AWS managed policy reference.
_POLICY = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"


def trusted(case: ServiceCase) -> Iterator[Result]:
    """Yield each role that is missing, or that ECS cannot assume."""
    declared = tuple(roles(case.spec))
    yield from _missing_execution_role(case)
    if not declared and not [*needs_execution_role(case.spec)]:
        yield CheckSkipped(case.check, "no roles are declared")
    for path, arn in declared:
        if account_of(arn) != case.spec.account:
            yield CheckSkipped(case.check, f"{arn} is in another account")
            continue
        seen, name = of(case.facts.roles, arn), role_name(arn)
        command = _iam("create-role", name, "--assume-role-policy-document", TRUST)
        message = f"Role {arn} does not exist: ECS cannot start tasks with it."
        yield from case.unless_present(seen, case.blocks(path, message, command))
        if (found := state(seen)) and not found.trusts_tasks:
            message = f"Role {arn} does not trust ecs-tasks.amazonaws.com."
            command = _iam(
                "update-assume-role-policy", name, "--policy-document", TRUST
            )
            yield case.blocks(path, message, command)


def _missing_execution_role(case: ServiceCase) -> Iterator[Result]:
    """Yield a finding if ECS needs an execution role and none is declared."""
    needs = [*needs_execution_role(case.spec)]
    if needs:
        name = f"{case.spec.name}-execution"
        message = (
            f"No execution role is declared, and ECS needs one {' and '.join(needs)}: "
            "create it and declare its ARN as `roles.execution` for the service or "
            "the platform."
        )
        trust = ("--assume-role-policy-document", document(TRUST))
        command = aws("", "iam", "create-role", "--role-name", name, *trust)
        attached = ("attach-role-policy", "--role-name", name, "--policy-arn", _POLICY)
        yield case.blocks(
            "roles.execution", message, f"{command} && {aws('', 'iam', *attached)}"
        )


def reach_buckets(case: ServiceCase) -> Iterator[Result]:
    """Yield each bucket that the task role cannot use."""
    role, wanted = case.spec.roles.task, tuple(buckets(case.spec))
    if not wanted:
        yield CheckSkipped(case.check, "no buckets are declared")
        return
    if role is None:
        yield CheckSkipped(case.check, "no task role is declared")
        return
    for path, bucket in wanted:
        seen = of(case.facts.reach, (role, bucket))
        yield from case.unreadable(seen)
        if denied := state(seen):
            message = (
                f"Task role {role} is not allowed {', '.join(denied)} on {bucket}."
            )
            policy = ("--policy-document", document(bucket_policy(bucket)))
            words = (
                "--role-name",
                role_name(role),
                "--policy-name",
                f"bucket-{bucket}",
            )
            command = aws("", "iam", "put-role-policy", *words, *policy)
            yield case.blocks(path, message, command)


def _iam(operation: str, role: str, option: str, policy: Policy) -> str:
    return aws("", "iam", operation, "--role-name", role, option, document(policy))
