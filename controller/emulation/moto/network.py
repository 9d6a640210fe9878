"""Subnets and security groups under the ids that a document names them by.

On AWS the ids come from whoever made the network; the local platform has to make
one that answers to the same ids.
"""

import copy
from collections.abc import Iterable
from typing import Any


def make_network(ec2: Any, subnets: Iterable[str], groups: Iterable[str]) -> None:
    """Make the subnets and groups in moto's EC2 backend, in its default network.

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
            _admit_each_other(ec2, vpc.id, id_)


def _group(ec2: Any, vpc: str, id_: str) -> Any:
    """Return a group of moto's under another id, that admits nobody yet."""
    group = ec2.create_security_group(id_, f"of the local platform: {id_}", vpc)
    del ec2.groups[vpc][group.id]
    group.id = group.group_id = id_
    return group


def _admit_each_other(ec2: Any, vpc: str, id_: str) -> None:
    """Let the members of a group reach each other, as a VPC's default group does."""
    ec2.authorize_security_group_ingress(
        id_, "-1", None, None, [], source_groups=[{"GroupId": id_}], vpc_id=vpc
    )


def _renamed(model: Any, id_: str) -> Any:
    """Return what moto made, under another id."""
    renamed = copy.copy(model)
    renamed.id = id_
    return renamed
