"""Roles and network of tasks: defaults of the platform, or a service's own."""

from functools import lru_cache
from typing import Annotated

from pydantic import Field

from controller.core.document.fields import Flag, Section, Text
from controller.core.document.platform import Platform

RoleArn = Annotated[
    str, Text(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/\S+", "the ARN of a role", 2048)
]
SubnetId = Annotated[
    str, Text("subnet-[0-9a-f]+", "a subnet's id, as in subnet-0a1b2c3d", 64)
]
SecurityGroupId = Annotated[
    str, Text("sg-[0-9a-f]+", "a security group's id, as in sg-0a1b2c3d", 64)
]

BalancerName = Annotated[
    str,
    Text(
        "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?",
        "a load balancer's name: letters, digits and -, none of them at an end",
        longest=32,
    ),
]


class RolesSpec(Section):
    """The IAM roles of a task."""

    execution: RoleArn | None = Field(
        default=None,
        description="Role that pulls the image and reads the secrets.",
        examples=["arn:aws:iam::123456789012:role/hokusai-ecs-execution-development"],
    )
    task: RoleArn | None = Field(
        default=None,
        description="Role that the containers use.",
        examples=["arn:aws:iam::123456789012:role/hokusai-ecs-task-development"],
    )

    # Most services have equal roles; they share one value.
    @lru_cache  # noqa: B019  # small, immutable and equal for equal content
    def completed(self, platform: Platform) -> "RolesSpec":
        """Return the roles, with the platform's defaults."""
        return self.model_copy(
            update={
                "execution": self.execution or platform.execution_role,
                "task": self.task or platform.task_role,
            }
        )


class NetworkSpec(Section):
    """Network of the tasks."""

    subnets: tuple[SubnetId, ...] = Field(
        default=(),
        max_length=16,
        description="Ids of the subnets.",
        examples=[["subnet-0a1b2c3d"]],
    )
    security_groups: tuple[SecurityGroupId, ...] = Field(
        default=(),
        max_length=5,
        description="Ids of the security groups.",
        examples=[["sg-0a1b2c3d"]],
    )
    public_ip: Flag | None = Field(
        default=None,
        description="Assign a public address to the tasks; false by default.",
    )

    @lru_cache  # noqa: B019  # as above
    def completed(self, platform: Platform) -> "NetworkSpec":
        """Return the network, with the platform's defaults."""
        default = platform.network
        public = default.public_ip if self.public_ip is None else self.public_ip
        return self.model_copy(
            update={
                "subnets": self.subnets or default.subnets,
                "security_groups": self.security_groups or default.security_groups,
                "public_ip": public,
            }
        )
