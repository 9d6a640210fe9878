"""Subnets and security groups with the ids that a document uses.

On AWS a platform team creates the network and AWS assigns the ids. The local platform
creates a network with the same ids.
"""

import copy
from collections.abc import Iterable
from typing import Any


def create_network(ec2: Any, subnets: Iterable[str], groups: Iterable[str]) -> None:
    """Create the subnets and groups in the default VPC of moto's EC2 backend.

    Safe to repeat.
    """
    vpc = next(vpc for vpc in ec2.vpcs.values() if vpc.is_default)
    zones = sorted(zone for zone, known in ec2.subnets.items() if known)
    for index, id_ in enumerate(sorted(subnets)):
        zone = zones[index % len(zones)]
        model = next(iter(ec2.subnets[zone].values()))
        ec2.subnets[zone].setdefault(id_, _renamed(model, id_))
    for id_ in sorted(groups):
        if id_ not in ec2.groups[vpc.id]:
            ec2.groups[vpc.id][id_] = _group(ec2, vpc.id, id_)
            _allow_members(ec2, vpc.id, id_)


def _group(ec2: Any, vpc: str, id_: str) -> Any:
    """Create a security group with the given id and no rules."""
    group = ec2.create_security_group(id_, f"of the local platform: {id_}", vpc)
    del ec2.groups[vpc][group.id]
    group.id = group.group_id = id_
    return group


def _allow_members(ec2: Any, vpc: str, id_: str) -> None:
    """Allow traffic between the members of a group, as in a VPC's default group."""
    ec2.authorize_security_group_ingress(
        id_, "-1", None, None, [], source_groups=[{"GroupId": id_}], vpc_id=vpc
    )


def _renamed(model: Any, id_: str) -> Any:
    """Return a copy of an object of moto with another id."""
    renamed = copy.copy(model)
    renamed.id = id_
    return renamed
