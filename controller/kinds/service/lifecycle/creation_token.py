"""The idempotency token of CreateService.

DescribeServices may not show a new service for some seconds, and a response may be lost,
so CreateService is sent again by a later attempt, pass or process. With the same token,
ECS returns the service that exists. A service that is created again after a deletion is
another creation and needs another token. See the API reference,
CreateService.clientToken.
"""

from collections.abc import Mapping
from typing import Any

from controller.core.resources.plan import Action
from controller.core.values.identity import client_token
from controller.kinds.service.spec.service import ServiceSpec


def creation_token(
    action: Action, spec: ServiceSpec, predecessor: Mapping[str, Any] | None
) -> str:
    """Return the token of one creation: equal for its repeats, and for nothing else.

    It is derived from the service, its generation, the recorded creation
    (``Action.creation``), and what a deletion leaves: ECS shows a deleted service as
    INACTIVE for about an hour, with the time of its creation. Without a store there is no
    recorded creation, and the INACTIVE service alone tells creations apart; once ECS has
    removed it, the generation decides.

    Args:
        action: Action that creates the service.
        spec: Effective declaration.
        predecessor: The INACTIVE service of this name from DescribeServices, if any.
    """
    created = predecessor.get("createdAt") if predecessor else None
    return client_token(
        "create service",
        spec.cluster,
        spec.name,
        action.generation,
        action.creation,
        "" if created is None else str(created),
    )
