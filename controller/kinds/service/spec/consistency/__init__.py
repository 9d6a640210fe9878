"""References within one service that ECS would refuse, or whose tasks never start.

Each rule names its page of the Amazon ECS API reference. ECS itself reports one mistake
at a time, after a rollout has begun.
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


def inconsistencies(
    task: Mapping[str, Any], service: Mapping[str, Any], definition: Mapping[str, Any]
) -> Iterator[Mistake]:
    """Yield every reference to an entry that is missing or unsuitable.

    Args:
        task: The document's fields of RegisterTaskDefinition.
        service: The document's fields of CreateService.
        definition: The complete rendered task definition.
    """
    written = DeclaredAt(task, service, definition)
    for rule in _RULES:
        yield from rule(written)
