"""A declaration that ECS took back as a whole, though it changed no task definition."""

from collections.abc import Iterator
from typing import Any

from controller.core.document.resource import Resource
from controller.kinds.service.render.effective import settled
from controller.kinds.service.render.fingerprint import content
from controller.kinds.service.state.retry_requests import forgiven, id_of, until
from controller.kinds.service.state.service import Rejection, ServiceState
from controller.kinds.service.tags import ServiceTags

_ROLLED_BACK = frozenset(
    {"ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL"}
)


def taken_back(resource: Resource[Any], state: ServiceState) -> Iterator[Rejection]:
    """Yield the declaration itself, if ECS took back the deployment that applied it.

    A deployment may change no task definition, only where tasks run. It is known by
    its id, and the declaration by its stamp. Only for what differs in no task definition.
    """
    flight, key = state.service_deployment, resource.id.name
    stamped = ServiceTags.of(state.settings).applied == resource.generation
    if flight is None or not stamped or flight.target != state.our_deployment:
        return
    id_ = id_of(flight.arn)
    if id_ not in forgiven(state.settings) and flight.status in _ROLLED_BACK:
        why = f": {flight.reason.rstrip('.')}" if flight.reason else ""
        message = (
            f"What was applied last was rolled back{why}; it is not tried again "
            f"{until(key)}."
        )
        yield Rejection(content(settled(resource.spec, state)), message, id_)
