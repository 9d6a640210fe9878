"""Reads of roles and their access: simulated by IAM, else evaluated from policies."""

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import unquote

from controller.clients.aws import paginated
from controller.core.dependencies import Aws
from controller.core.errors import DriverError
from controller.core.resources.observation import Present
from controller.kinds.service.preflight.aws.answers import fact_of, unreadable
from controller.kinds.service.preflight.facts import Fact, IamRole, Unreadable
from controller.kinds.service.preflight.policies import Access, access, trusts_tasks
from controller.kinds.service.spec.aws_names import role_name

Policy = Mapping[str, Any]
_UNSURE = "its policies have conditions or exceptions, and IAM could not simulate them"


def roles(aws: Aws, arns: Iterable[str]) -> dict[str, Fact]:
    """Return the fact about each role; one call each."""
    return {arn: fact_of(partial(_role, aws, arn)) for arn in arns}


def reach(aws: Aws, pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Fact]:
    """Return the denied actions of each pair of a role and a bucket."""
    return {pair: _reach(aws, *pair) for pair in pairs}


def _role(aws: Aws, arn: str) -> IamRole:
    answer = aws.call("iam", "GetRole", RoleName=role_name(arn))
    return IamRole(trusts_tasks(_document(answer["Role"]["AssumeRolePolicyDocument"])))


def _reach(aws: Aws, role: str, bucket: str) -> Fact:
    wanted = _wanted(bucket)
    try:
        return Present(tuple(_simulated(aws, role, wanted)))
    except DriverError:
        # Simulation needs a permission of its own, and not every endpoint has it.
        pass
    try:
        documents = [*_policies(aws, role_name(role))]
    except DriverError as error:
        return unreadable(error)
    found = {action: access(documents, action, on) for action, on in wanted.items()}
    denied = tuple(a for a, verdict in found.items() if verdict is Access.DENIED)
    if not denied and Access.UNSURE in found.values():
        return Unreadable(f"Access of {role} to {bucket} is uncertain: {_UNSURE}.")
    return Present(denied)


def _wanted(bucket: str) -> dict[str, str]:
    arn = f"arn:aws:s3:::{bucket}"
    objects = f"{arn}/any"
    return {"s3:ListBucket": arn, "s3:GetObject": objects, "s3:PutObject": objects}


def _simulated(aws: Aws, role: str, wanted: Mapping[str, str]) -> Iterator[str]:
    """Yield the actions that IAM denies."""
    answer = aws.call(
        "iam",
        "SimulatePrincipalPolicy",
        PolicySourceArn=role,
        ActionNames=list(wanted),
        ResourceArns=sorted(set(wanted.values())),
    )
    for result in answer["EvaluationResults"]:
        action = result["EvalActionName"]
        resource = result.get("EvalResourceName", wanted.get(action))
        if resource == wanted.get(action) and result["EvalDecision"] != "allowed":
            yield action


def _policies(aws: Aws, role: str) -> Iterator[Policy]:
    attached = paginated(
        aws, "iam", "ListAttachedRolePolicies", "AttachedPolicies", RoleName=role
    )
    for policy in attached:
        arn = policy["PolicyArn"]
        version = aws.call("iam", "GetPolicy", PolicyArn=arn)["Policy"]
        answer = aws.call(
            "iam",
            "GetPolicyVersion",
            PolicyArn=arn,
            VersionId=version["DefaultVersionId"],
        )
        yield _document(answer["PolicyVersion"]["Document"])
    names = paginated(aws, "iam", "ListRolePolicies", "PolicyNames", RoleName=role)
    for name in names:
        answer = aws.call("iam", "GetRolePolicy", RoleName=role, PolicyName=name)
        yield _document(answer["PolicyDocument"])


def _document(value: Any) -> Policy:
    """Return a policy; botocore decodes it, an emulated AWS sends the text."""
    document: Policy = json.loads(unquote(value)) if isinstance(value, str) else value
    return document
