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
    default = ec2.get_default_security_group(vpc.id)
    for id_ in sorted(groups):
        ec2.groups[vpc.id].setdefault(id_, _renamed(default, id_))


def _renamed(model: Any, id_: str) -> Any:
    """Return what moto made, under another id."""
    renamed = copy.copy(model)
    renamed.id = id_
    return renamed
