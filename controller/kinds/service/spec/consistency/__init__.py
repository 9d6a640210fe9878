"""Names that must agree within one service: what ECS would refuse, or never start.

Each rule says from which page of Amazon ECS's API reference it is. ECS itself tells of
one mistake at a time, once a rollout has begun.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from controller.core.document.fields import Mistake
from controller.kinds.service.spec.consistency.containers import (
    limits_out_of_order,
    unknown_containers,
    unknown_volumes,
)
from controller.kinds.service.spec.consistency.places import DeclaredAt
from controller.kinds.service.spec.consistency.ports import (
    unequal_host_ports,
    unknown_port_names,
    unknown_ports,
)
from controller.kinds.service.spec.consistency.start_order import impossible_orders

_RULES = (
    unknown_volumes,
    unknown_containers,
    limits_out_of_order,
    impossible_orders,
    unequal_host_ports,
    unknown_ports,
    unknown_port_names,
)


def disagreements(
    task: Mapping[str, Any], service: Mapping[str, Any], definition: Mapping[str, Any]
) -> Iterator[Mistake]:
    """Yield every name that means nothing, or something that ECS does not take.

    Args:
        task: What the document says in AWS's words of the task definition.
        service: The same, of the service.
        definition: The whole task definition that this comes to.
    """
    written = DeclaredAt(task, service, definition)
    for rule in _RULES:
        yield from rule(written)
