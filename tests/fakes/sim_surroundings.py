"""Prerequisites of services in a simulated AWS: subnets and roles."""

from collections.abc import Mapping
from typing import Any

from tests.fakes.sim_ecs import ACCOUNT, RefusalError
from tests.fakes.sim_shelf import Shelf

SUBNET = "subnet-0a1b2c3d4e5f60001"
ROLE = "execution"
_TRUST = {
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ]
}


class Network(Shelf):
    """EC2 subnets by id, read-only."""

    def __init__(self) -> None:
        super().__init__("ec2")
        self.things = {
            SUBNET: {
                "SubnetId": SUBNET,
                "VpcId": "vpc-1",
                "AvailabilityZone": "us-east-1a",
                "CidrBlock": "10.0.1.0/24",
            }
        }

    def DescribeSubnets(self, parameters: Mapping[str, Any]) -> Any:
        """Return the requested subnets that exist."""
        ids = parameters["Filters"][0]["Values"]
        return {"Subnets": [self.things[id_] for id_ in ids if id_ in self.things]}


class Roles(Shelf):
    """IAM roles by name."""

    def __init__(self) -> None:
        super().__init__("iam")
        self.things = {ROLE: _TRUST}

    def SimulatePrincipalPolicy(self, parameters: Mapping[str, Any]) -> Any:
        """Allow every action: policies are not simulated."""
        return {
            "EvaluationResults": [
                {"EvalActionName": name, "EvalDecision": "allowed"}
                for name in parameters["ActionNames"]
            ]
        }

    def GetRole(self, parameters: Mapping[str, Any]) -> Any:
        """Return one role."""
        name = parameters["RoleName"]
        if name not in self.things:
            code, words = "NoSuchEntity", f"The role {name} cannot be found"
            raise RefusalError(code, words, 404)
        arn = f"arn:aws:iam::{ACCOUNT}:role/{name}"
        role = {"Arn": arn, "AssumeRolePolicyDocument": self.things[name]}
        return {"Role": role}
