"""RegisterScalableTarget, told by our ECS which services there are."""

from collections.abc import Callable
from typing import Any

from controller.emulation.ecs.state import World


def know_our_services(world: Callable[[], World]) -> Callable[[], None]:
    """Have Application Auto Scaling look for services in our ECS, not in moto's.

    Returns:
        What undoes it.
    """
    from moto.applicationautoscaling.exceptions import AWSValidationException
    from moto.applicationautoscaling.models import ApplicationAutoscalingBackend

    original = ApplicationAutoscalingBackend._ecs_service_exists_for_target  # noqa: SLF001 - moto has no other door

    def exists(_backend: Any, resource_id: str) -> bool:
        _, cluster, name = resource_id.split("/")
        found = world().clusters.get(cluster)
        service = found.services.get(name) if found else None
        if service is None or service.status != "ACTIVE":
            msg = f"ECS service doesn't exist: {resource_id}"
            raise AWSValidationException(msg)
        return True

    def undo() -> None:
        ApplicationAutoscalingBackend._ecs_service_exists_for_target = original  # noqa: SLF001

    ApplicationAutoscalingBackend._ecs_service_exists_for_target = exists  # noqa: SLF001
    return undo
